//! Arguments: one table for each layer says their names, order, defaults and ranges; everything an argument can do wrong
//! is found by binding against that table.

use super::{Value, errors};
use crate::{ast::Span, diag::Diagnostics, ir::Init};

/// Largest count, such as channels or units.
const MAX_COUNT: i64 = 1 << 24;
/// Largest kernel, stride, padding or dilation.
const MAX_WINDOW: i64 = 1 << 15;

/// The arguments that something takes, in positional order.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// What takes them, `conv`.
    pub name: &'static str,
    pub params: &'static [Param],
}

/// One argument that may or must be given.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    pub kind: Kind,
    /// None if it must be given.
    pub default: Option<Bound>,
}

/// An argument that must be given.
pub const fn required(name: &'static str, kind: Kind) -> Param {
    Param { name, kind, default: None }
}

/// An argument with a default; [`Bound::Unset`] where the layer works the default out.
pub const fn optional(name: &'static str, kind: Kind, default: Bound) -> Param {
    Param { name, kind, default: Some(default) }
}

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number of at least 1.
    Count,
    /// One size of at least 1, or a pair (vertical, horizontal).
    Pair,
    /// One padding of at least 0, a pair (vertical, horizontal), `same` or `valid`.
    Pad,
    Flag,
    /// A number, with its range in words and as a predicate.
    Number(&'static str, fn(f64) -> bool),
    /// One of some words.
    Word(&'static [(&'static str, Bound)]),
}

/// Initial values by name.
pub const INIT: Kind = Kind::Word(&INITS);

/// A checked argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    Count(usize),
    Pair([usize; 2]),
    Pad([usize; 2]),
    /// As much padding as keeps `ceil(input / stride)` outputs.
    PadSame,
    Flag(bool),
    Number(f64),
    Init(Init),
    Unset,
}

/// Words that an argument can be, beside expressions.
const PADS: [(&str, Bound); 2] = [("same", Bound::PadSame), ("valid", Bound::Pad([0, 0]))];
const INITS: [(&str, Bound); 5] = [
    ("glorot_uniform", Bound::Init(Init::GlorotUniform)),
    ("glorot_normal", Bound::Init(Init::GlorotNormal)),
    ("he_uniform", Bound::Init(Init::HeUniform)),
    ("he_normal", Bound::Init(Init::HeNormal)),
    ("torch", Bound::Init(Init::Torch)),
];

impl Kind {
    /// The words that this argument can be.
    pub fn words(self) -> &'static [(&'static str, Bound)] {
        match self {
            Kind::Pad => &PADS,
            Kind::Word(words) => words,
            _ => &[],
        }
    }
}

/// An argument as evaluated.
#[derive(Debug)]
pub struct Argument {
    pub key: Option<(String, Span)>,
    pub value: Given,
    pub span: Span,
}

/// A value, or a bare word that is no variable, such as `same`.
#[derive(Debug)]
pub enum Given {
    Value(Value),
    Word(String),
}

/// Arguments bound to their parameters, every parameter present.
#[derive(Debug)]
pub struct Args {
    spec: Spec,
    bound: Vec<Bound>,
    spans: Vec<Span>,
}

/// Binds arguments; `who` begins each error and `word` is where a missing argument is reported.
pub fn bind(
    spec: &Spec,
    who: &str,
    word: Span,
    given: &[Argument],
    errors: &mut Diagnostics,
) -> Option<Args> {
    let mut bound: Vec<Option<(Bound, Span)>> = vec![None; spec.params.len()];
    let mut sound = true;
    let mut complain = |span, message: String| {
        errors.error(span, format!("{who}: {message}"));
        sound = false;
    };
    let mut taken = vec![false; spec.params.len()];
    let mut keyed = false;
    for (position, argument) in given.iter().enumerate() {
        keyed |= argument.key.is_some();
        let index = match place(spec, position, keyed, argument) {
            Ok(index) => index,
            Err((span, message)) => {
                complain(span, message);
                continue;
            }
        };
        let param = &spec.params[index];
        if std::mem::replace(&mut taken[index], true) {
            let span = argument.key.as_ref().map_or(argument.span, |key| key.1);
            complain(span, errors::given_twice(param.name));
            continue;
        }
        match convert(param, &argument.value) {
            Ok(Some(value)) => bound[index] = Some((value, argument.span)),
            Ok(None) => {}
            Err(message) => complain(argument.span, message),
        }
    }
    for (param, _) in
        spec.params.iter().zip(&taken).filter(|(param, taken)| param.default.is_none() && !**taken)
    {
        complain(word, errors::missing(spec, param.name));
    }
    let unknown = taken.iter().zip(&bound).any(|(&taken, bound)| taken && bound.is_none());
    if !sound || unknown {
        return None;
    }
    let filled: Option<Vec<_>> = bound
        .iter()
        .zip(spec.params)
        .map(|(bound, param)| bound.or_else(|| param.default.map(|default| (default, word))))
        .collect();
    let (bound, spans) = filled?.into_iter().unzip();
    Some(Args { spec: *spec, bound, spans })
}

/// Which parameter an argument is for.
fn place(spec: &Spec, position: usize, keyed: bool, argument: &Argument) -> Result<usize, (Span, String)> {
    match &argument.key {
        Some((key, span)) => spec
            .params
            .iter()
            .position(|param| param.name == key)
            .ok_or_else(|| (*span, errors::unknown_argument(spec, key))),
        None if keyed => Err((argument.span, errors::POSITIONAL_AFTER_KEYED.into())),
        None if position < spec.params.len() => Ok(position),
        None => Err((argument.span, errors::too_many(spec))),
    }
}

/// The argument's value as its parameter wants it; nothing if the value is unknown.
fn convert(param: &Param, given: &Given) -> Result<Option<Bound>, String> {
    let value = match given {
        Given::Value(Value::Unknown) => return Ok(None),
        Given::Value(value) => value,
        Given::Word(word) => {
            let words = param.kind.words();
            return match words.iter().find(|(name, _)| name == word) {
                Some((_, bound)) => Ok(Some(*bound)),
                None => Err(errors::unknown_word(param, word)),
            };
        }
    };
    let name = param.name;
    let bound = match (param.kind, value) {
        (Kind::Count, Value::Int(_)) => Bound::Count(size(name, value, 1, MAX_COUNT)?),
        (Kind::Pair, _) => Bound::Pair(pair(param, value, 1)?),
        (Kind::Pad, _) => Bound::Pad(pair(param, value, 0)?),
        (Kind::Flag, &Value::Bool(flag)) => Bound::Flag(flag),
        (Kind::Number(range, holds), &Value::Float(number)) => in_range(name, number, range, holds)?,
        (Kind::Number(range, holds), &Value::Int(number)) => in_range(name, number as f64, range, holds)?,
        _ => return Err(errors::wrong_kind(param, value)),
    };
    Ok(Some(bound))
}

fn in_range(name: &str, number: f64, range: &str, holds: fn(f64) -> bool) -> Result<Bound, String> {
    // f32 is what the network computes with.
    if holds(number) && (number as f32).is_finite() {
        return Ok(Bound::Number(number));
    }
    Err(format!("{name} must be {range}, found {number}"))
}

fn pair(param: &Param, value: &Value, least: i64) -> Result<[usize; 2], String> {
    let one = |value: &Value| size(param.name, value, least, MAX_WINDOW);
    match value {
        Value::Int(_) => one(value).map(|size| [size, size]),
        Value::Tuple(list) => match &*list.items {
            [vertical @ Value::Int(_), horizontal @ Value::Int(_)] => Ok([one(vertical)?, one(horizontal)?]),
            _ => Err(errors::wrong_kind(param, value)),
        },
        _ => Err(errors::wrong_kind(param, value)),
    }
}

fn size(name: &str, value: &Value, least: i64, most: i64) -> Result<usize, String> {
    match *value {
        Value::Int(value) if value < least => Err(format!("{name} must be at least {least}, found {value}")),
        Value::Int(value) if value > most => Err(format!("{name} must be at most {most}, found {value}")),
        Value::Int(value) => Ok(value as usize),
        _ => Err(format!("{name} must be a whole number")),
    }
}

/// Reading. The names are those of the layer's own table, which the tests of every layer go through.
impl Args {
    fn index(&self, name: &str) -> usize {
        let index = self.spec.params.iter().position(|param| param.name == name);
        index.unwrap_or_else(|| unreachable!("{} has no parameter {name}", self.spec.name))
    }

    fn get(&self, name: &str) -> Bound {
        self.bound[self.index(name)]
    }

    /// Where the argument stands; the layer's word if it was left out.
    pub fn span(&self, name: &str) -> Span {
        self.spans[self.index(name)]
    }

    pub fn count(&self, name: &str) -> usize {
        match self.get(name) {
            Bound::Count(count) => count,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// The pair, unless its default is left to the layer.
    pub fn pair(&self, name: &str) -> Option<[usize; 2]> {
        match self.get(name) {
            Bound::Pair(pair) | Bound::Pad(pair) => Some(pair),
            _ => None,
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Bound::Flag(true)
    }

    pub fn number(&self, name: &str) -> f32 {
        match self.get(name) {
            Bound::Number(number) => number as f32,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub fn init(&self, name: &str) -> Option<Init> {
        match self.get(name) {
            Bound::Init(init) => Some(init),
            _ => None,
        }
    }
}
