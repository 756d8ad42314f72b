//! Arguments of layers: one table for each layer says their names, order, kinds and defaults, and a checked argument is read
//! by the name it has there.

use super::{
    Value,
    signature::{Place, Signature},
};
use crate::{ast::Span, ir::Init};

/// The arguments that something takes, in positional order.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// What takes them, `conv`.
    pub name: &'static str,
    pub params: &'static [Param],
    /// Arguments that are only ever given as `key = value`.
    pub attributes: &'static [Param],
}

impl Spec {
    /// Arguments without attributes.
    pub const fn new(name: &'static str, params: &'static [Param]) -> Spec {
        Spec { name, params, attributes: &[] }
    }

    /// All arguments, positional ones first.
    pub(super) fn all(&self) -> impl Iterator<Item = &'static Param> + use<> {
        self.params.iter().chain(self.attributes)
    }

    pub(super) fn signature(&self) -> Signature<'static> {
        let params = self.all().map(|param| (param.name, param.default.is_none())).collect();
        Signature { name: self.name, params, positional: self.params.len() }
    }

    /// An argument's first name.
    pub(super) fn canonical<'a>(&self, key: &'a str) -> &'a str {
        self.all().find(|param| param.alias == Some(key)).map_or(key, |param| param.name)
    }
}

/// One argument that may or must be given.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    pub name: &'static str,
    /// Another name.
    pub alias: Option<&'static str>,
    pub kind: Kind,
    /// None if it must be given.
    pub default: Option<Bound>,
}

/// An argument that must be given.
pub const fn required(name: &'static str, kind: Kind) -> Param {
    Param { name, alias: None, kind, default: None }
}

/// An argument with a default; [`Bound::Unset`] where the layer works the default out.
pub const fn optional(name: &'static str, kind: Kind, default: Bound) -> Param {
    Param { name, alias: None, kind, default: Some(default) }
}

impl Param {
    /// The same under another name too.
    pub const fn or(self, alias: &'static str) -> Param {
        Param { alias: Some(alias), ..self }
    }

    pub(super) fn is_called(&self, key: &str) -> bool {
        self.name == key || self.alias == Some(key)
    }
}

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number of at least 1.
    Count,
    /// One size of at least 1, or a pair (vertical, horizontal).
    Pair,
    /// Rows and columns at the sides, each at least 0: one number, a pair (vertical, horizontal) or (top, bottom, left, right).
    Sides,
    /// Sides, `same` or `valid`.
    Pad,
    Flag,
    /// A number, with its range in words and as a predicate.
    Number(&'static str, fn(f64) -> bool),
    /// How a parameter starts: a name or a number.
    Init,
}

/// A checked argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    Count(usize),
    Pair([usize; 2]),
    /// Rows above and below, columns on the left and on the right.
    Sides([[usize; 2]; 2]),
    /// As much padding as keeps `ceil(input / stride)` outputs.
    PadSame,
    Flag(bool),
    Number(f64),
    Init(Init),
    Unset,
}

/// Words that an argument can be, beside expressions.
const PADS: [(&str, Bound); 2] = [("same", Bound::PadSame), ("valid", Bound::Sides([[0, 0], [0, 0]]))];
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
            Kind::Init => &INITS,
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

impl Argument {
    /// True for a feature map without a key: a second input.
    pub(super) fn is_map(&self) -> bool {
        self.key.is_none() && matches!(self.value, Given::Value(Value::Map(_)))
    }

    pub(super) fn place(&self, spec: &Spec) -> Place<'_> {
        let key = self.key.as_ref().map(|(key, span)| (spec.canonical(key), *span));
        Place { key, span: self.span }
    }
}

/// A value, or a bare word that is no variable, such as `same`, with the error that it is where no words are taken.
#[derive(Debug)]
pub enum Given {
    Value(Value),
    Word { word: String, unknown: String },
}

/// Arguments bound to their parameters, every parameter present.
#[derive(Debug)]
pub struct Args {
    pub(super) spec: Spec,
    /// Values and where they stand; the word of the layer for a default.
    pub(super) bound: Vec<(Bound, Span)>,
}

impl Args {
    /// Layers read the names of their own tables only, and the tests go through every layer.
    fn index(&self, name: &str) -> usize {
        let index = self.spec.all().position(|param| param.name == name);
        index.unwrap_or_else(|| unreachable!("{} has no parameter {name}", self.spec.name))
    }

    fn get(&self, name: &str) -> Bound {
        self.bound[self.index(name)].0
    }

    /// Where the argument stands; the layer's word if it was left out.
    pub fn span(&self, name: &str) -> Span {
        self.bound[self.index(name)].1
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
            Bound::Pair(pair) => Some(pair),
            _ => None,
        }
    }

    /// Rows and columns at the sides, unless they follow from the input.
    pub fn sides(&self, name: &str) -> Option<[[usize; 2]; 2]> {
        match self.get(name) {
            Bound::Sides(sides) => Some(sides),
            _ => None,
        }
    }

    /// The count, if it was given.
    pub fn given_count(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Bound::Count(count) => Some(count),
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
