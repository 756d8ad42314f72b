//! Arguments of layers and settings: one table for each says their names, order, kinds and defaults.

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

/// An argument with a default.
pub const fn optional(name: &'static str, kind: Kind, default: Bound) -> Param {
    Param { name, alias: None, kind, default: Some(default) }
}

/// An argument that may be left out; whoever reads it works the default out.
pub const fn unset(name: &'static str, kind: Kind) -> Param {
    optional(name, kind, Bound::Unset)
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
    /// An array or a tuple of such numbers; a single one is an array of one.
    Numbers(&'static str, fn(f64) -> bool),
    /// How a parameter starts: a name or a number.
    Init,
    /// One of some words.
    Word(&'static [&'static str]),
    /// One of some words, each with arguments of its own: `sgd(lr = 0.1)`.
    Choice(&'static [&'static Spec]),
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
    Word(&'static str),
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
    pub const POSITIVE: Kind = Kind::Number("above 0", |number| number > 0.0);
    pub const NOT_NEGATIVE: Kind = Kind::Number("at least 0", |number| number >= 0.0);
    pub const UNIT: Kind = Kind::Number("from 0 to 1", |number| (0.0..=1.0).contains(&number));

    /// The words that this argument can be.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            Kind::Pad => PADS.iter().map(|(word, _)| *word).collect(),
            Kind::Init => INITS.iter().map(|(word, _)| *word).collect(),
            Kind::Word(words) => words.to_vec(),
            Kind::Choice(specs) => specs.iter().map(|spec| spec.name).collect(),
            _ => Vec::new(),
        }
    }

    /// What a word stands for.
    pub(super) fn of_word(self, word: &str) -> Option<Bound> {
        let known =
            |words: &[(&str, Bound)]| words.iter().find(|(name, _)| *name == word).map(|&(_, bound)| bound);
        match self {
            Kind::Pad => known(&PADS),
            Kind::Init => known(&INITS),
            Kind::Word(words) => words.iter().find(|name| **name == word).map(|name| Bound::Word(name)),
            _ => None,
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

/// What stands for an argument's value.
#[derive(Debug)]
pub enum Given {
    Value(Value),
    /// A bare word that is no variable, such as `same`, with the error that it is where no words are taken.
    Word {
        word: String,
        unknown: String,
    },
    /// A word with arguments, such as `sgd(lr = 0.1)`.
    Call {
        word: String,
        span: Span,
        arguments: Vec<Argument>,
    },
}
