//! Arguments against the table of what takes them: each unknown, missing, repeated or unsuitable argument is an error where it stands.

use super::{
    Value,
    args::{Args, Argument, Bound, Given, Kind, Param, Spec},
    errors,
};
use crate::{ast::Span, diag::Diagnostics, ir::Init};

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
    let places: Vec<_> = given.iter().map(|argument| argument.place(spec)).collect();
    let (assigned, mut sound) = spec.signature().assign(who, word, &places, diagnostics);
    let mut bound = Vec::new();
    for (param, position) in spec.all().zip(assigned) {
        let Some(argument) = position.map(|position| &given[position]) else {
            bound.extend(param.default.map(|default| (default, word)));
            continue;
        };
        match convert(param, &argument.value) {
            Ok(value) => bound.extend(value.map(|value| (value, argument.span))),
            Err(message) => {
                diagnostics.error(argument.span, format!("{who}: {message}"));
                sound = false;
            }
        }
    }
    (sound && bound.len() == spec.all().count()).then_some(Args { spec: *spec, bound })
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
        (Kind::Sides | Kind::Pad, _) => Bound::Sides(sides(param, value)?),
        (Kind::Flag, &Value::Bool(flag)) => Bound::Flag(flag),
        (Kind::Number(range, holds), &Value::Float(number)) => in_range(name, number, range, holds)?,
        (Kind::Number(range, holds), &Value::Int(number)) => in_range(name, number as f64, range, holds)?,
        (Kind::Init, &Value::Float(number)) => start(name, number)?,
        (Kind::Init, &Value::Int(number)) => start(name, number as f64)?,
        _ => return Err(errors::wrong_kind(param, value)),
    };
    Ok(Some(bound))
}

/// Equal initial values.
fn start(name: &str, number: f64) -> Result<Bound, String> {
    in_range(name, number, "finite", |_| true)?;
    Ok(Bound::Init(Init::Constant(number as f32)))
}

fn sides(param: &Param, value: &Value) -> Result<[[usize; 2]; 2], String> {
    if let Value::Tuple(list) = value
        && let [Value::Int(top), Value::Int(bottom), Value::Int(left), Value::Int(right)] = *list.items
    {
        let one = |value| size(param.name, value, 0, MAX_WINDOW);
        return Ok([[one(top)?, one(bottom)?], [one(left)?, one(right)?]]);
    }
    pair(param, value, 0).map(|both| both.map(|size| [size, size]))
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
