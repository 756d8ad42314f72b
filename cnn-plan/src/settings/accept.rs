//! What is written for an argument, checked against what it may be.

use alloc::{format, string::String, vec, vec::Vec};

use super::{Bound, Kind, Param, Range, constant, wording};
use crate::Init;

/// Largest count, such as channels or epochs.
const MAX_COUNT: i64 = 1 << 24;
/// Largest kernel, stride, padding or dilation.
const MAX_WINDOW: i64 = 1 << 15;

/// What is written for an argument, in whichever grammar, before its kind matters.
#[derive(Clone, Debug, PartialEq)]
pub enum Written<'a> {
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// `true` or `false`.
    Flag(bool),
    /// A bare word, `same`.
    Word(&'a str),
    /// `"features.*"`
    Text(&'a str),
    /// `[30, 60]`
    Array(Vec<Written<'a>>),
    /// `(1, 2)`
    Tuple(Vec<Written<'a>>),
    /// Something that no argument may be, in words: `a feature map`.
    Other(String),
}

impl Param {
    /// The checked value of this parameter.
    ///
    /// # Errors
    /// What is wrong with it, beginning with the parameter's name.
    pub fn accept(&self, written: &Written) -> Result<Bound, String> {
        if let Written::Word(word) = written {
            return self.kind.of_word(word).ok_or_else(|| wording::unknown_word(self, word));
        }
        if let Some(text) = self.quoted(written) {
            return Err(format!("{}: {}", self.name, wording::in_quotes(text)));
        }
        match self.kind {
            Kind::Count => self.count(written).map(Bound::Count),
            Kind::Counts => self.list(written, Param::whole).map(Bound::Counts),
            Kind::Pair => self.pair(written, 1).map(Bound::Pair),
            Kind::Sides | Kind::Pad => self.sides(written).map(Bound::Sides),
            Kind::Flag => match *written {
                Written::Flag(flag) => Ok(Bound::Flag(flag)),
                _ => Err(wording::wrong_kind(self, written)),
            },
            Kind::Number(range) => self.number(written, range).map(Bound::Number),
            Kind::Numbers(range) => {
                self.list(written, |param, item| param.number(item, range)).map(Bound::Numbers)
            }
            Kind::Texts => self.list(written, Param::text).map(Bound::Texts),
            Kind::Init => self.number(written, Range::ANY).map(Init::Constant).map(Bound::Init),
            Kind::Word(_) | Kind::Choice => Err(wording::wrong_kind(self, written)),
        }
    }

    /// The text that would be a value without its quotes.
    pub(super) fn quoted<'a>(&self, written: &Written<'a>) -> Option<&'a str> {
        let Written::Text(text) = *written else { return None };
        let is_value = self.kind.of_word(text).is_some() || text.parse::<f64>().is_ok();
        (is_value && !matches!(self.kind, Kind::Texts)).then_some(text)
    }

    fn count(&self, written: &Written) -> Result<usize, String> {
        match *written {
            Written::Int(count) => self.size(count, 1, MAX_COUNT),
            _ => Err(wording::wrong_kind(self, written)),
        }
    }

    /// A count among others, where 0.5 is a number of the wrong size.
    fn whole(&self, written: &Written) -> Result<usize, String> {
        let found = self.float(written)?;
        if found < 1.0 || found % 1.0 != 0.0 {
            return Err(format!("{} {}", self.name, wording::out_of_range("whole and at least 1", found)));
        }
        self.size(found as i64, 1, MAX_COUNT)
    }

    fn number(&self, written: &Written, range: Range) -> Result<f32, String> {
        let number = range.accept(self.float(written)?);
        number.map_err(|message| format!("{} {message}", self.name))
    }

    fn text(&self, written: &Written) -> Result<&'static str, String> {
        match *written {
            Written::Text(text) => Ok(String::from(text).leak()),
            _ => Err(wording::wrong_kind(self, written)),
        }
    }

    fn float(&self, written: &Written) -> Result<f64, String> {
        match *written {
            Written::Int(number) => Ok(number as f64),
            Written::Float(number) => Ok(number),
            _ => Err(wording::wrong_kind(self, written)),
        }
    }

    /// All of a list, or the one that is alone.
    fn list<'a, T>(
        &self,
        written: &Written<'a>,
        one: impl Fn(&Param, &Written<'a>) -> Result<T, String>,
    ) -> Result<&'static [T], String> {
        let list = match written {
            Written::Array(items) | Written::Tuple(items) => {
                items.iter().map(|item| one(self, item)).collect::<Result<Vec<T>, _>>()?
            }
            alone => vec![one(self, alone)?],
        };
        if list.is_empty() { Err(format!("{} must not be empty", self.name)) } else { Ok(constant(list)) }
    }

    fn sides(&self, written: &Written) -> Result<[[usize; 2]; 2], String> {
        if let Written::Tuple(items) = written
            && let [Written::Int(top), Written::Int(bottom), Written::Int(left), Written::Int(right)] =
                items[..]
        {
            let one = |size| self.size(size, 0, MAX_WINDOW);
            return Ok([[one(top)?, one(bottom)?], [one(left)?, one(right)?]]);
        }
        self.pair(written, 0).map(|both| both.map(|size| [size, size]))
    }

    fn pair(&self, written: &Written, least: i64) -> Result<[usize; 2], String> {
        let one = |size| self.size(size, least, MAX_WINDOW);
        match written {
            Written::Int(both) => one(*both).map(|size| [size, size]),
            Written::Tuple(items) => match items[..] {
                [Written::Int(vertical), Written::Int(horizontal)] => Ok([one(vertical)?, one(horizontal)?]),
                _ => Err(wording::wrong_kind(self, written)),
            },
            _ => Err(wording::wrong_kind(self, written)),
        }
    }

    fn size(&self, found: i64, least: i64, most: i64) -> Result<usize, String> {
        if found < least {
            Err(wording::bound(self.name, "least", least, found))
        } else if found > most {
            Err(wording::bound(self.name, "most", most, found))
        } else {
            Ok(found as usize)
        }
    }
}
