//! The wording of errors about arguments: which there are, which is missing, what one has to be.

use alloc::{format, string::String, vec::Vec};

use super::{Expected, Kind, Param, Signature, Spec, Written, did_you_mean, foreign, shortened};

pub(super) const POSITIONAL_AFTER_KEYED: &str = "positional arguments come before `key = value` ones";

pub(super) fn missing(signature: &Signature, names: &[&str]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} missing; expected {}", quoted(names).join(" and "), required(signature))
}

/// What must be given: `conv(channels, kernel, …)`.
fn required(signature: &Signature) -> String {
    let required = signature.params.iter().filter(|param| param.required).map(|param| param.name);
    let mut shown: Vec<_> = required.collect();
    if shown.len() < signature.params.len() {
        shown.push("…");
    }
    format!("{}({})", signature.name, shown.join(", "))
}

pub(super) fn given_twice(name: &str) -> String {
    format!("`{name}` is given twice")
}

pub(super) fn too_many(signature: &Signature) -> String {
    let Signature { name, params, positional } = signature;
    match params.split_at(*positional) {
        ([], []) => format!("{name} takes no arguments"),
        ([], _) => format!("{name} takes only `key = value`: {}", names(params)),
        (all, []) => format!("too many arguments; {name} takes {}", names(all)),
        (some, _) => {
            format!("too many arguments; {name} takes {}, and others as `key = value`", names(some))
        }
    }
}

pub(super) fn unknown_argument(signature: &Signature, key: &str) -> String {
    let Signature { name, params, .. } = signature;
    match guess(name, key, params.iter().map(|param| param.name)) {
        guess if guess.is_empty() && params.is_empty() => format!("{name} takes no arguments"),
        guess if guess.is_empty() => {
            format!("unknown argument `{}`; {name} takes {}", shortened(key), names(params))
        }
        guess => format!("unknown argument `{key}`{guess}"),
    }
}

/// `channels, kernel, stride and pad`
fn names(params: &[Expected]) -> String {
    let names: Vec<_> = params.iter().map(|param| param.name).collect();
    joined(&names, "and")
}

/// `a`, `b` or `c`
pub fn either(words: &[&str]) -> String {
    joined(&quoted(words), "or")
}

fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("`{word}`")).collect()
}

fn joined(words: &[impl AsRef<str>], conjunction: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} {conjunction} {last}", others.join(", ")),
        _ => words.concat(),
    }
}

/// What may be meant by an unknown word, or should be written for it: `; …`, or nothing. `what` is
/// what the word was to be, or what it was given to.
pub fn guess<'a>(what: &str, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    foreign::advice(what, word).map_or_else(|| did_you_mean(word, candidates), |advice| format!("; {advice}"))
}

pub(super) fn unknown_choice(what: &str, word: &str, names: &[&str]) -> String {
    match guess(what, word, names.iter().copied()) {
        guess if guess.is_empty() => {
            format!("unknown {what} `{}`; expected {}", shortened(word), either(names))
        }
        guess => format!("unknown {what} `{word}`{guess}"),
    }
}

pub(super) fn wrong_kind(param: &Param, found: &Written) -> String {
    let found = match found {
        Written::Int(value) => format!("{value}"),
        Written::Float(value) => format!("{value:?}"),
        Written::Flag(value) => format!("`{value}`"),
        Written::Word(word) => format!("`{}`", shortened(word)),
        Written::Text(text) => format!("the string {:?}", shortened(text)),
        Written::Array(_) => "an array".into(),
        Written::Tuple(items) => format!("a tuple of {}", items.len()),
        Written::Other(what) => shortened(what).into_owned(),
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
        Kind::Number(range) => format!("a number {}", range.words),
        Kind::Texts => "a string, or an array of strings".into(),
        Kind::Counts | Kind::Numbers(_) => "an array of numbers".into(),
        Kind::Init => format!("a number or one of {}", quoted(&kind.words()).join(", ")),
        Kind::Word(_) | Kind::Choice => either(&kind.words()),
    }
}

/// A word that was given as a string.
pub(super) fn in_quotes(word: &str) -> String {
    format!("write `{word}` without quotes")
}

pub(super) fn unknown_word(param: &Param, word: &str) -> String {
    match guess(param.name, word, param.kind.words()) {
        guess if guess.is_empty() => wrong_kind(param, &Written::Word(word)),
        guess => format!("unknown `{word}`{guess}"),
    }
}

pub(super) fn out_of_range(range: &str, found: f64) -> String {
    format!("must be {range}, found {}", number(found))
}

/// What an argument without a name is followed by where another one was meant.
pub(super) fn in_order(spec: &Spec) -> String {
    let names: Vec<_> = spec.params.iter().map(|param| param.name).collect();
    format!("; {} takes {}, in this order", spec.name, joined(&names, "and"))
}

/// The number is finite, but not in 32 bits.
pub(super) fn too_large(found: f64) -> String {
    format!("must be at most {:e} in magnitude, found {}", f32::MAX, number(found))
}

/// The number is not 0, but 32 bits hold it as 0 or with fewer digits than others.
pub(super) fn too_small(found: f64) -> String {
    format!("must be 0 or at least {:e} in magnitude, found {}", f32::MIN_POSITIVE, number(found))
}

/// In few digits: `0.5`, `-1`, `1e300`.
fn number(number: f64) -> String {
    let magnitude = number.abs();
    let plain = number == 0.0 || (1e-5..1e16).contains(&magnitude);
    if plain { format!("{number}") } else { format!("{number:e}") }
}

pub(super) fn bound(name: &str, end: &str, limit: i64, found: i64) -> String {
    format!("{name} must be at {end} {limit}, found {found}")
}
