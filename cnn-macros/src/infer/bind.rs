//! Arguments against the table of what takes them: each unknown, missing, repeated or unsuitable argument is an error where it stands.

use super::{
    Value,
    args::{Args, Argument, Bound, Given, Kind, Param, Spec},
    errors,
};
use crate::{ast::Span, diag::Diagnostics};

/// Largest count, such as channels or units.
const MAX_COUNT: i64 = 1 << 24;
/// Largest kernel, stride, padding or dilation.
const MAX_WINDOW: i64 = 1 << 15;

/// Binds arguments; `who` begins each error, and `word` is where missing arguments are reported. Nothing after an error, or if a
/// value is unknown.
pub fn bind(
    spec: &Spec,
    who: &str,
    word: Span,
    given: &[Argument],
    diagnostics: &mut Diagnostics,
) -> Option<Args> {
    let slots = vec![Slot::Free; spec.params.len()];
    let mut binder = Binder { spec, who, word, slots, diagnostics, sound: true };
    let keyed = given.iter().position(|argument| argument.key.is_some()).unwrap_or(given.len());
    for (position, argument) in given.iter().enumerate() {
        binder.take(argument, (position < keyed).then_some(position));
    }
    binder.finish()
}

struct Binder<'a> {
    spec: &'a Spec,
    who: &'a str,
    word: Span,
    slots: Vec<Slot>,
    diagnostics: &'a mut Diagnostics,
    sound: bool,
}

#[derive(Clone, Copy)]
enum Slot {
    Free,
    /// Given, with a value that is wrong or unknown.
    Failed,
    Bound(Bound, Span),
}

impl Binder<'_> {
    fn complain(&mut self, span: Span, message: String) {
        self.diagnostics.error(span, format!("{}: {message}", self.who));
        self.sound = false;
    }

    /// Puts an argument into its slot; a positional one knows its position.
    fn take(&mut self, argument: &Argument, position: Option<usize>) {
        let index = match (&argument.key, position) {
            (Some((key, span)), _) => match self.spec.params.iter().position(|param| param.name == key) {
                Some(index) => index,
                None => return self.complain(*span, errors::unknown_argument(self.spec, key)),
            },
            (None, None) => return self.complain(argument.span, errors::POSITIONAL_AFTER_KEYED.into()),
            (None, Some(index)) if index < self.slots.len() => index,
            (None, Some(_)) => return self.complain(argument.span, errors::too_many(self.spec, argument)),
        };
        let param = &self.spec.params[index];
        if !matches!(self.slots[index], Slot::Free) {
            let span = argument.key.as_ref().map_or(argument.span, |key| key.1);
            return self.complain(span, errors::given_twice(param.name));
        }
        self.slots[index] = Slot::Failed;
        match convert(param, &argument.value) {
            Ok(Some(bound)) => self.slots[index] = Slot::Bound(bound, argument.span),
            Ok(None) => {}
            Err(message) => self.complain(argument.span, message),
        }
    }

    /// The arguments with the defaults of those left out.
    fn finish(mut self) -> Option<Args> {
        let params = self.spec.params.iter().zip(&self.slots);
        let missing: Vec<_> = params
            .filter(|(param, slot)| param.default.is_none() && matches!(slot, Slot::Free))
            .map(|(param, _)| param.name)
            .collect();
        if !missing.is_empty() && self.sound {
            self.complain(self.word, errors::missing(self.spec, &missing));
        }
        let value = |(slot, param): (&Slot, &Param)| match *slot {
            Slot::Bound(bound, span) => Some((bound, span)),
            Slot::Free => param.default.map(|default| (default, self.word)),
            Slot::Failed => None,
        };
        let bound = self.slots.iter().zip(self.spec.params).map(value).collect::<Option<_>>()?;
        self.sound.then_some(Args { spec: *self.spec, bound })
    }
}

/// The argument's value as its parameter wants it; nothing if the value is unknown.
fn convert(param: &Param, given: &Given) -> Result<Option<Bound>, String> {
    let value = match given {
        Given::Value(Value::Unknown) => return Ok(None),
        Given::Value(value) => value,
        Given::Word { word, unknown } => {
            let known = param.kind.words().iter().find(|(name, _)| name == word);
            return known
                .map(|&(_, bound)| Some(bound))
                .ok_or_else(|| errors::unknown_word(param, word, unknown));
        }
    };
    let name = param.name;
    let bound = match (param.kind, value) {
        (Kind::Count, &Value::Int(count)) => Bound::Count(size(name, count, 1, MAX_COUNT)?),
        (Kind::Pair, _) => Bound::Pair(pair(param, value, 1)?),
        (Kind::Pad, _) => Bound::Pad(pair(param, value, 0)?),
        (Kind::Flag, &Value::Bool(flag)) => Bound::Flag(flag),
        (Kind::Number(range, holds), &Value::Float(number)) => in_range(name, number, range, holds)?,
        (Kind::Number(range, holds), &Value::Int(number)) => in_range(name, number as f64, range, holds)?,
        _ => return Err(errors::wrong_kind(param, value)),
    };
    Ok(Some(bound))
}

/// A number in its range; the network computes in f32, so that has to hold it.
fn in_range(name: &str, number: f64, range: &str, holds: fn(f64) -> bool) -> Result<Bound, String> {
    if holds(f64::from(number as f32)) && (number as f32).is_finite() {
        return Ok(Bound::Number(number));
    }
    Err(format!("{name} must be {range}, found {number}"))
}

fn pair(param: &Param, value: &Value, least: i64) -> Result<[usize; 2], String> {
    let one = |value| size(param.name, value, least, MAX_WINDOW);
    match value {
        &Value::Int(both) => one(both).map(|size| [size, size]),
        Value::Tuple(list) => match *list.items {
            [Value::Int(vertical), Value::Int(horizontal)] => Ok([one(vertical)?, one(horizontal)?]),
            _ => Err(errors::wrong_kind(param, value)),
        },
        _ => Err(errors::wrong_kind(param, value)),
    }
}

fn size(name: &str, value: i64, least: i64, most: i64) -> Result<usize, String> {
    if value < least {
        Err(format!("{name} must be at least {least}, found {value}"))
    } else if value > most {
        Err(format!("{name} must be at most {most}, found {value}"))
    } else {
        Ok(value as usize)
    }
}
