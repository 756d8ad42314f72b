//! Arguments after they were checked, read by the names they have in their table.

use super::args::{Bound, Spec};
use crate::{ast::Span, ir::Init};

/// Arguments bound to their parameters, every parameter present.
#[derive(Debug)]
pub struct Args {
    pub spec: Spec,
    /// What takes them.
    pub word: Span,
    /// Values and where they stand; the word of the layer for a default.
    pub(super) filled: Vec<(Filled, Span)>,
}

/// The value of a parameter.
#[derive(Debug)]
pub enum Filled {
    One(Bound),
    Numbers(Vec<f64>),
    Chosen(Args),
}

impl Filled {
    fn is_unset(&self) -> bool {
        matches!(self, Filled::One(Bound::Unset))
    }
}

impl Args {
    /// Layers read the names of their own tables only, and the tests go through every layer.
    fn index(&self, name: &str) -> usize {
        let index = self.spec.all().position(|param| param.name == name);
        index.unwrap_or_else(|| unreachable!("{} has no parameter {name}", self.spec.name))
    }

    fn filled(&self, name: &str) -> &Filled {
        &self.filled[self.index(name)].0
    }

    fn get(&self, name: &str) -> Bound {
        match self.filled(name) {
            Filled::One(bound) => *bound,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// Where the argument stands; the layer's word if it was left out.
    pub fn span(&self, name: &str) -> Span {
        self.filled[self.index(name)].1
    }

    /// Names and values of the parameters that have one.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, &Filled)> {
        let named = self.spec.all().map(|param| param.name).zip(&self.filled);
        named.map(|(name, (filled, _))| (name, filled)).filter(|(_, filled)| !filled.is_unset())
    }

    pub fn count(&self, name: &str) -> usize {
        self.given_count(name).unwrap_or_else(|| unreachable!("{name} is no count"))
    }

    /// The count, if it was given.
    pub fn given_count(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Bound::Count(count) => Some(count),
            _ => None,
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

    pub fn flag(&self, name: &str) -> bool {
        self.given_flag(name) == Some(true)
    }

    /// The flag, if it was given.
    pub fn given_flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Bound::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    pub fn number(&self, name: &str) -> f32 {
        self.given_number(name).unwrap_or_else(|| unreachable!("{name} is no number"))
    }

    /// The number, if it was given.
    pub fn given_number(&self, name: &str) -> Option<f32> {
        match self.get(name) {
            Bound::Number(number) => Some(number as f32),
            _ => None,
        }
    }

    /// The array of numbers, if it was given.
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match self.filled(name) {
            Filled::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    pub fn init(&self, name: &str) -> Option<Init> {
        match self.get(name) {
            Bound::Init(init) => Some(init),
            _ => None,
        }
    }

    pub fn word(&self, name: &str) -> &'static str {
        match self.get(name) {
            Bound::Word(word) => word,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// The word that was chosen, with its own arguments, if there was a choice.
    pub fn chosen(&self, name: &str) -> Option<&Args> {
        match self.filled(name) {
            Filled::Chosen(args) => Some(args),
            _ => None,
        }
    }
}
