//! Arguments after they were checked, read by the names they have in their table.

use alloc::vec::Vec;
use core::fmt::{Display, Formatter, Result};

use super::{Spec, Word, kind::INITS};
use crate::Init;

/// A checked argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A whole number of at least 1.
    Count(usize),
    /// Such numbers.
    Counts(&'static [usize]),
    /// Vertical, horizontal.
    Pair([usize; 2]),
    /// Rows above and below, columns on the left and on the right.
    Sides([[usize; 2]; 2]),
    /// As much padding as keeps `ceil(input / stride)` outputs.
    PadSame,
    /// `true` or `false`.
    Flag(bool),
    /// A finite number.
    Number(f32),
    /// Such numbers.
    Numbers(&'static [f32]),
    /// Texts.
    Texts(&'static [&'static str]),
    /// Initial values.
    Init(Init),
    /// One of the words of its kind.
    Word(&'static str),
    /// Nothing was given, and there is no default.
    Unset,
}

/// A list for a plan, whose lists are all constants.
///
/// The memory is never freed: what a program or a compiler is told once lives as long as it does.
pub fn constant<T>(list: Vec<T>) -> &'static [T] {
    list.leak()
}

/// Arguments bound to their parameters, every parameter present.
#[derive(Clone, Debug)]
pub struct Values {
    /// What takes them.
    pub spec: Spec,
    /// The value of each parameter, in the order of [`Spec::all`].
    pub bounds: Vec<Bound>,
}

impl Values {
    /// The value of a parameter. Whoever reads names those of its own table only, and the tests go
    /// through every row of every table.
    fn get(&self, name: &str) -> Bound {
        match self.place(name) {
            Some(place) => self.bounds[place],
            None => unreachable!("{} has no parameter {name}", self.spec.name),
        }
    }

    /// The index of a parameter, if there is one of this name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.spec.all().position(|param| param.name == name)
    }

    /// The value of a parameter as a field of what is built.
    pub fn read<T: Field>(&self, name: &str) -> T {
        let bound = self.get(name);
        T::of(bound).unwrap_or_else(|| unreachable!("{name} is {bound:?}"))
    }

    /// The count.
    pub fn count(&self, name: &str) -> usize {
        self.read(name)
    }

    /// The count, if it was given.
    pub fn given_count(&self, name: &str) -> Option<usize> {
        self.read(name)
    }

    /// The pair, unless its default is left to the reader.
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

    /// The flag; false if it was not given.
    pub fn flag(&self, name: &str) -> bool {
        self.given_flag(name) == Some(true)
    }

    /// The flag, if it was given.
    pub fn given_flag(&self, name: &str) -> Option<bool> {
        self.read(name)
    }

    /// The number.
    pub fn number(&self, name: &str) -> f32 {
        self.read(name)
    }

    /// The number, if it was given.
    pub fn given_number(&self, name: &str) -> Option<f32> {
        self.read(name)
    }

    /// The texts; none if they were not given.
    pub fn texts(&self, name: &str) -> &'static [&'static str] {
        match self.get(name) {
            Bound::Texts(texts) => texts,
            _ => &[],
        }
    }

    /// The initial values, if they were given.
    pub fn init(&self, name: &str) -> Option<Init> {
        match self.get(name) {
            Bound::Init(init) => Some(init),
            _ => None,
        }
    }
}

impl Display for Values {
    /// In full, `adam(lr = 0.001, beta1 = 0.9, …)`: what [`super::Table::parse`] reads as the same.
    fn fmt(&self, out: &mut Formatter) -> Result {
        write!(out, "{}(", self.spec.name)?;
        let mut separator = "";
        for (param, bound) in self.spec.all().zip(&self.bounds) {
            if *bound != Bound::Unset {
                write!(out, "{separator}{} = {bound}", param.name)?;
                separator = ", ";
            }
        }
        out.write_str(")")
    }
}

impl Display for Bound {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            Bound::Count(count) => count.fmt(out),
            Bound::Counts(counts) => list(counts, out),
            Bound::Pair([vertical, horizontal]) => write!(out, "({vertical}, {horizontal})"),
            Bound::Sides([[top, bottom], [left, right]]) => {
                write!(out, "({top}, {bottom}, {left}, {right})")
            }
            Bound::PadSame => out.write_str("same"),
            Bound::Flag(flag) => flag.fmt(out),
            Bound::Number(number) => number.fmt(out),
            Bound::Numbers(numbers) => list(numbers, out),
            Bound::Texts(texts) => write!(out, "{texts:?}"),
            Bound::Init(Init::Constant(start)) => start.fmt(out),
            Bound::Init(_) => {
                let name = INITS.iter().find(|(_, named)| named == self).map(|(name, _)| *name);
                out.write_str(name.unwrap_or_else(|| unreachable!("{self:?} has no name")))
            }
            Bound::Word(word) => out.write_str(word),
            Bound::Unset => Ok(()),
        }
    }
}

/// `[30, 60]`
fn list(items: &[impl Display], out: &mut Formatter) -> Result {
    out.write_str("[")?;
    for (index, item) in items.iter().enumerate() {
        write!(out, "{}{item}", if index == 0 { "" } else { ", " })?;
    }
    out.write_str("]")
}

/// A type that a setting is kept as.
pub trait Field: Sized {
    /// The value, if it is of this type.
    fn of(bound: Bound) -> Option<Self>;

    /// The same as an argument.
    fn bound(self) -> Bound;
}

/// Implements [`Field`] for the type that a variant of [`Bound`] holds.
macro_rules! fields {
    ($($variant:ident: $kind:ty),*) => {
        $(impl Field for $kind {
            fn of(bound: Bound) -> Option<$kind> {
                if let Bound::$variant(value) = bound { Some(value) } else { None }
            }

            fn bound(self) -> Bound {
                Bound::$variant(self)
            }
        })*
    };
}

fields!(Count: usize, Counts: &'static [usize], Flag: bool, Number: f32, Numbers: &'static [f32]);

impl<T: Word> Field for T {
    fn of(bound: Bound) -> Option<T> {
        let Bound::Word(word) = bound else { return None };
        T::WORDS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
    }

    fn bound(self) -> Bound {
        let name = T::WORDS.iter().find(|(_, value)| *value == self).map(|(name, _)| *name);
        Bound::Word(name.unwrap_or_else(|| unreachable!("every value has a word")))
    }
}

impl<T: Field> Field for Option<T> {
    fn of(bound: Bound) -> Option<Option<T>> {
        if bound == Bound::Unset { Some(None) } else { T::of(bound).map(Some) }
    }

    fn bound(self) -> Bound {
        self.map_or(Bound::Unset, T::bound)
    }
}
