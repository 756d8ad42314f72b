//! Arguments against the table of what takes them: each unknown, missing, repeated or unsuitable
//! argument is an error where it stands.

use cnn_plan::settings::{Bound, Kind, Param, Spec, Table};

use super::{
    Value,
    args::{Argument, Given},
    bound::{Args, Made},
    signature::assign,
};
use crate::{ast::Span, diag::Diagnostics};

/// Binds arguments; `who` begins each error, and `word` is where missing arguments are reported.
/// Nothing after an error, or if a value is unknown. What is chosen from a table is left to
/// [`choose`].
pub fn bind(
    spec: &Spec,
    who: &str,
    word: Span,
    given: &[Argument],
    diagnostics: &mut Diagnostics,
) -> Option<Args> {
    let places: Vec<_> = given.iter().map(|argument| argument.place(spec)).collect();
    let (assigned, sound) = assign(&spec.signature(), who, word, &places, diagnostics);
    let (mut bounds, mut spans) = (Vec::new(), Vec::new());
    for (param, position) in spec.all().zip(assigned) {
        let (bound, span) = match (position.map(|position| &given[position]), param.kind) {
            (Some(argument), Kind::Choice) => (Some(Bound::Unset), argument.span),
            (Some(argument), _) => (value(spec, param, who, argument, diagnostics), argument.span),
            (None, _) => (param.default, word),
        };
        bounds.extend(bound);
        spans.push(span);
    }
    let values = cnn_plan::settings::Values { spec: *spec, bounds };
    (sound && values.bounds.len() == spans.len()).then_some(Args { values, word, spans })
}

/// The argument's value as its parameter wants it; nothing after an error, or if the value is
/// unknown.
fn value(
    spec: &Spec,
    param: &Param,
    who: &str,
    argument: &Argument,
    diagnostics: &mut Diagnostics,
) -> Option<Bound> {
    let written = argument.value.written()?;
    let bound = match &argument.value {
        Given::Word { unknown: Some(unknown), .. } if param.kind.words().is_empty() => Err(unknown.clone()),
        _ => spec.accept(param, &written, argument.key.is_some()),
    };
    bound.map_err(|message| diagnostics.error(argument.span, format!("{who}: {message}"))).ok()
}

/// The thing of a table that an argument names, with settings of its own. Nothing after an error,
/// or if the value is unknown.
pub fn choose<T>(
    table: &Table<T>,
    who: &str,
    argument: &Argument,
    diagnostics: &mut Diagnostics,
) -> Option<Made<T>> {
    let (word, span, given) = match &argument.value {
        Given::Word { word, .. } => (word, argument.span, &[][..]),
        Given::Call { word, span, arguments } => (word, *span, &arguments[..]),
        Given::Value(Value::Unknown) => return None,
        Given::Value(value) => {
            let text = if let Value::Str(text) = value { Some(&**text) } else { None };
            diagnostics.error(argument.span, format!("{who}: {}", table.expected(text)));
            return None;
        }
    };
    let Some(row) = table.find(word) else {
        diagnostics.error(span, format!("{who}: {}", table.unknown(word)));
        return None;
    };
    let name = row.spec.name;
    let args = bind(&row.spec, name, span, given, diagnostics)?;
    match (row.build)(&args.values) {
        Ok(thing) => Some(Made { thing, args }),
        Err(wrong) => {
            let place = wrong.setting.map_or(args.word, |setting| args.span(setting));
            diagnostics.error(place, format!("{name}: {}", wrong.message));
            None
        }
    }
}
