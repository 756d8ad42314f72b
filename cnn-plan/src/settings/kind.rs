//! Kinds of arguments, and the words that some of them take beside numbers.

use alloc::{string::String, vec, vec::Vec};

use super::{Bound, wording};
use crate::Init;

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number of at least 1.
    Count,
    /// An array or a tuple of such numbers; a single one is an array of one.
    Counts,
    /// One size of at least 1, or a pair (vertical, horizontal).
    Pair,
    /// Rows and columns at the sides, each at least 0: one number, a pair (vertical, horizontal) or
    /// (top, bottom, left, right).
    Sides,
    /// Sides, `same` or `valid`.
    Pad,
    /// `true` or `false`.
    Flag,
    /// A number in a range.
    Number(Range),
    /// An array or a tuple of such numbers; a single one is an array of one.
    Numbers(Range),
    /// How a parameter starts: a word or a number.
    Init,
    /// A text in quotes; or an array or a tuple of them.
    Texts,
    /// One of some words, which [`words`] lists.
    Word(fn() -> Vec<&'static str>),
    /// A row of a [`super::Table`], with settings of its own. Whoever reads the argument binds it:
    /// [`super::Param::accept`] does not.
    Choice,
}

/// The numbers that an argument may be. All are numbers of 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// What follows "must be" in an error: `above 0`.
    pub words: &'static str,
    /// True for a number in the range.
    pub holds: fn(f32) -> bool,
}

impl Range {
    /// All numbers.
    pub const ANY: Range = Range { words: "finite", holds: |_| true };
    /// Rates, limits, divisors.
    pub const POSITIVE: Range = Range { words: "above 0", holds: |x| x > 0.0 };
    /// Penalties, durations.
    pub const NOT_NEGATIVE: Range = Range { words: "at least 0", holds: |x| x >= 0.0 };
    /// Shares of which nothing and all make sense.
    pub const UNIT: Range = Range { words: "from 0 to 1", holds: |x| (0.0..=1.0).contains(&x) };
    /// What is kept of the past, rates of dropout: not all.
    pub const FRACTION: Range = Range { words: "at least 0 and below 1", holds: |x| (0.0..1.0).contains(&x) };
    /// Shares strictly between nothing and all.
    pub const SHARE: Range = Range { words: "above 0 and below 1", holds: |x| x > 0.0 && x < 1.0 };
    /// Probabilities of something that may happen.
    pub const CHANCE: Range = Range { words: "above 0 and at most 1", holds: |x| x > 0.0 && x <= 1.0 };

    /// The number in 32 bits, in which networks compute.
    ///
    /// # Errors
    /// What it must be, if it is outside of the range, or if 32 bits cannot hold it as exactly as
    /// others.
    ///
    /// ```
    /// use cnn_plan::settings::Range;
    ///
    /// assert_eq!(Range::SHARE.accept(0.5), Ok(0.5));
    /// assert_eq!(Range::SHARE.accept(1.0), Err("must be above 0 and below 1, found 1".into()));
    /// ```
    pub fn accept(&self, found: f64) -> Result<f32, String> {
        let number = found as f32;
        if !number.is_finite() {
            Err(wording::too_large(found))
        } else if number.abs() < f32::MIN_POSITIVE && found != 0.0 {
            Err(wording::too_small(found))
        } else if !(self.holds)(number) {
            Err(wording::out_of_range(self.words, found))
        } else {
            Ok(number)
        }
    }
}

impl Kind {
    /// Any number.
    pub const ANY: Kind = Kind::Number(Range::ANY);
    /// A number above 0.
    pub const POSITIVE: Kind = Kind::Number(Range::POSITIVE);
    /// A number of at least 0.
    pub const NOT_NEGATIVE: Kind = Kind::Number(Range::NOT_NEGATIVE);
    /// A number from 0 to 1.
    pub const UNIT: Kind = Kind::Number(Range::UNIT);
    /// A number of at least 0 and below 1.
    pub const FRACTION: Kind = Kind::Number(Range::FRACTION);
    /// A number above 0 and below 1.
    pub const SHARE: Kind = Kind::Number(Range::SHARE);
    /// A number above 0 and at most 1.
    pub const CHANCE: Kind = Kind::Number(Range::CHANCE);

    /// The words that the argument can be.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            Kind::Pad => PADS.iter().map(|(word, _)| *word).collect(),
            Kind::Init => INITS.iter().map(|(word, _)| *word).collect(),
            Kind::Word(words) => words(),
            Kind::Count | Kind::Counts | Kind::Pair | Kind::Sides | Kind::Flag => vec![],
            Kind::Number(_) | Kind::Numbers(_) | Kind::Texts | Kind::Choice => vec![],
        }
    }

    /// The value that a word stands for.
    pub(super) fn of_word(self, word: &str) -> Option<Bound> {
        let known =
            |words: &[(&str, Bound)]| words.iter().find(|(name, _)| *name == word).map(|&(_, bound)| bound);
        match self {
            Kind::Pad => known(&PADS),
            Kind::Init => known(&INITS),
            Kind::Word(words) => words().into_iter().find(|name| *name == word).map(Bound::Word),
            Kind::Count | Kind::Counts | Kind::Pair | Kind::Sides | Kind::Flag => None,
            Kind::Number(_) | Kind::Numbers(_) | Kind::Texts | Kind::Choice => None,
        }
    }
}

/// Paddings with a name.
const PADS: [(&str, Bound); 2] = [("same", Bound::PadSame), ("valid", Bound::Sides([[0, 0], [0, 0]]))];

/// Initial values with a name.
pub(super) const INITS: [(&str, Bound); 5] = [
    ("glorot_uniform", Bound::Init(Init::GlorotUniform)),
    ("glorot_normal", Bound::Init(Init::GlorotNormal)),
    ("he_uniform", Bound::Init(Init::HeUniform)),
    ("he_normal", Bound::Init(Init::HeNormal)),
    ("torch", Bound::Init(Init::Torch)),
];

/// A type whose values are words of a grammar.
pub trait Word: Copy + PartialEq + 'static {
    /// Each value with its word.
    const WORDS: &'static [(&'static str, Self)];
}

/// The words of a type, for [`Kind::Word`].
pub fn words<T: Word>() -> Vec<&'static str> {
    T::WORDS.iter().map(|(word, _)| *word).collect()
}
