//! Arguments against the table of what takes them: each unknown, missing, repeated or unsuitable argument is an error where it
//! stands.

use super::{
    Value,
    args::{Argument, Bound, Given, Kind, Param, Spec},
    bound::{Args, Filled},
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
    let (assigned, sound) = spec.signature().assign(who, word, &places, diagnostics);
    let mut filled = Vec::new();
    for (param, position) in spec.all().zip(assigned) {
        let Some(argument) = position.map(|position| &given[position]) else {
            filled.extend(param.default.map(|default| (Filled::One(default), word)));
            continue;
        };
        let value = match param.kind {
            Kind::Choice(specs) => choose(specs, param.name, who, argument, diagnostics).map(Filled::Chosen),
            _ => value(param, who, argument, diagnostics),
        };
        filled.extend(value.map(|value| (value, argument.span)));
    }
    (sound && filled.len() == spec.all().count()).then_some(Args { spec: *spec, word, filled })
}

/// One of some words with the arguments of its own table. What chooses is `what`, for example `optimizer`.
pub fn choose(
    specs: &[&'static Spec],
    what: &str,
    who: &str,
    argument: &Argument,
    diagnostics: &mut Diagnostics,
) -> Option<Args> {
    let (word, span, given) = match &argument.value {
        Given::Word { word, .. } => (word, argument.span, &[][..]),
        Given::Call { word, span, arguments } => (word, *span, &arguments[..]),
        Given::Value(Value::Unknown) => return None,
        Given::Value(_) => {
            diagnostics.error(argument.span, format!("{who}: {}", errors::no_choice(what, specs)));
            return None;
        }
    };
    match specs.iter().find(|spec| spec.name == word) {
        Some(spec) => bind(spec, spec.name, span, given, diagnostics),
        None => {
            diagnostics.error(span, format!("{who}: {}", errors::unknown_choice(what, word, specs)));
            None
        }
    }
}

/// The argument's value as its parameter wants it; nothing after an error, or if the value is unknown.
fn value(param: &Param, who: &str, argument: &Argument, diagnostics: &mut Diagnostics) -> Option<Filled> {
    convert(param, &argument.value).unwrap_or_else(|message| {
        diagnostics.error(argument.span, format!("{who}: {message}"));
        None
    })
}

/// The value, nothing if it is unknown, or what is wrong with it.
fn convert(param: &Param, given: &Given) -> Result<Option<Filled>, String> {
    let value = match given {
        Given::Value(Value::Unknown) => return Ok(None),
        Given::Value(value) => value,
        Given::Word { word, unknown } => {
            let known = param.kind.of_word(word).map(|bound| Some(Filled::One(bound)));
            return known.ok_or_else(|| errors::unknown_word(param, word, unknown));
        }
        Given::Call { word, .. } => return Err(errors::takes_no_call(param, word)),
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
        (Kind::Numbers(range, holds), _) => return numbers(param, value, range, holds).map(Some),
        _ => return Err(errors::wrong_kind(param, value)),
    };
    Ok(Some(Filled::One(bound)))
}

fn numbers(param: &Param, value: &Value, range: &str, holds: fn(f64) -> bool) -> Result<Filled, String> {
    let one = |item: &Value| match item {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        item => Err(errors::wrong_kind(param, item)),
    };
    let numbers: Vec<f64> = match value {
        Value::Array(list) | Value::Tuple(list) => list.items.iter().map(one).collect::<Result<_, _>>()?,
        _ => vec![one(value)?],
    };
    match numbers.iter().find(|&&number| !fits(number, holds)) {
        Some(number) => Err(errors::out_of_range(param.name, range, *number)),
        None if numbers.is_empty() => Err(format!("{} must not be empty", param.name)),
        None => Ok(Filled::Numbers(numbers)),
    }
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
    if fits(number, holds) {
        Ok(Bound::Number(number))
    } else {
        Err(errors::out_of_range(name, range, number))
    }
}

fn fits(number: f64, holds: fn(f64) -> bool) -> bool {
    holds(f64::from(number as f32)) && (number as f32).is_finite()
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
