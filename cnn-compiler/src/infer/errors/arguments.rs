//! Wording about arguments: which there are, which is missing, what one has to be.

use crate::{
    diag::did_you_mean,
    infer::{
        Signature, Value,
        args::{Kind, Param, Spec},
    },
};

pub(in crate::infer) fn missing(signature: &Signature, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} missing; expected {}", names.join(" and "), required(signature))
}

pub(in crate::infer) fn at_most(name: &str, most: usize, found: usize) -> String {
    format!("{name} must be at most {most}, found {found}")
}

pub(in crate::infer) fn given_twice(name: &str) -> String {
    format!("`{name}` is given twice")
}

pub(in crate::infer) fn too_many(signature: &Signature) -> String {
    match &signature.params[..] {
        [] => format!("{} takes no arguments", signature.name),
        params => match &params[..signature.positional] {
            [] => format!("{} takes only `key = value`: {}", signature.name, names(params)),
            all if all.len() == params.len() => {
                format!("too many arguments; {} takes {}", signature.name, names(all))
            }
            some => format!(
                "too many arguments; {} takes {}, and others as `key = value`",
                signature.name,
                names(some)
            ),
        },
    }
}

pub(in crate::infer) fn unknown_argument(signature: &Signature, key: &str) -> String {
    let guess = did_you_mean(key, signature.params.iter().map(|(name, _)| *name));
    match &signature.params[..] {
        [] => format!("{} takes no arguments", signature.name),
        _ if guess.is_empty() => {
            format!("unknown argument `{key}`; {} takes {}", signature.name, names(&signature.params))
        }
        _ => format!("unknown argument `{key}`{guess}"),
    }
}

/// `channels, kernel, stride and pad`
fn names(params: &[(&str, bool)]) -> String {
    let names: Vec<_> = params.iter().map(|(name, _)| *name).collect();
    match names.split_last() {
        Some((last, [])) => last.to_string(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".into(),
    }
}

/// What must be given: `conv(channels, kernel, …)`.
fn required(signature: &Signature) -> String {
    let required = signature.params.iter().filter(|(_, required)| *required).map(|(name, _)| *name);
    let mut shown: Vec<_> = required.collect();
    if shown.len() < signature.params.len() {
        shown.push("…");
    }
    format!("{}({})", signature.name, shown.join(", "))
}

pub(in crate::infer) fn wrong_kind(param: &Param, found: &Value) -> String {
    let found = match found {
        Value::Map(_) => "a feature map".to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Bool(value) => format!("`{value}`"),
        Value::Str(value) => format!("{value:?}"),
        Value::Array(_) => "an array".into(),
        Value::Tuple(list) => format!("a tuple of {}", list.items.len()),
        Value::Unknown => "something unknown".into(),
    };
    format!("{} must be {}, found {found}", param.name, kind(param.kind))
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Count => "a whole number".into(),
        Kind::Pair => "a whole number or a pair (vertical, horizontal)".into(),
        Kind::Sides => "a whole number, (vertical, horizontal) or (top, bottom, left, right)".into(),
        Kind::Pad => {
            "a whole number, (vertical, horizontal), (top, bottom, left, right), `same` or `valid`".into()
        }
        Kind::Flag => "`true` or `false`".into(),
        Kind::Number(range, _) => format!("a number {range}"),
        Kind::Numbers(..) => "an array of numbers".into(),
        Kind::Init => format!("a number or one of {}", quoted(&kind.words()).join(", ")),
        Kind::Word(_) | Kind::Choice(_) => either(&kind.words()),
    }
}

fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("`{word}`")).collect()
}

/// `a`, `b` or `c`
fn either(words: &[&str]) -> String {
    let words = quoted(words);
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn choices<'a>(specs: &[&'a Spec]) -> Vec<&'a str> {
    specs.iter().map(|spec| spec.name).collect()
}

pub(in crate::infer) fn no_choice(what: &str, specs: &[&Spec]) -> String {
    format!("{what} must be {}", either(&choices(specs)))
}

pub(in crate::infer) fn unknown_choice(what: &str, word: &str, specs: &[&Spec]) -> String {
    match did_you_mean(word, choices(specs)) {
        guess if guess.is_empty() => format!("unknown {what} `{word}`; expected {}", either(&choices(specs))),
        guess => format!("unknown {what} `{word}`{guess}"),
    }
}

pub(in crate::infer) fn takes_no_call(param: &Param, word: &str) -> String {
    format!("{} must be {}, found `{word}(…)`", param.name, kind(param.kind))
}

pub(in crate::infer) fn out_of_range(name: &str, range: &str, found: f64) -> String {
    format!("{name} must be {range}, found {found}")
}

pub(in crate::infer) fn unknown_word(param: &Param, word: &str, unknown: &str) -> String {
    if param.kind.words().is_empty() {
        return unknown.to_string();
    }
    let guess = did_you_mean(word, param.kind.words());
    if guess.is_empty() {
        format!("{} must be {}, found `{word}`", param.name, kind(param.kind))
    } else {
        format!("unknown `{word}`{guess}")
    }
}
