//! A choice with settings as text, in the grammar of `train { }`: `name`, or `name(value, key = value, …)`.
//!
//! Settings without a key are those in order. Every setting is asked for once; what is left over is an error that names those that
//! there are.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Display;

/// The settings of one choice.
pub(super) struct Settings<'a> {
    /// The choice.
    pub(super) name: &'a str,
    given: Vec<(Option<&'a str>, &'a str)>,
    asked: Vec<&'static str>,
}

/// What a number may be, in words and as a test.
pub(super) type Range = (&'static str, fn(f32) -> bool);

pub(super) const POSITIVE: Range = ("a number above 0", |x| x > 0.0);
pub(super) const NOT_NEGATIVE: Range = ("a number of at least 0", |x| x >= 0.0);
pub(super) const FRACTION: Range = ("a number of at least 0 and below 1", |x| (0.0..1.0).contains(&x));
pub(super) const SHARE: Range = ("a number above 0 and below 1", |x| x > 0.0 && x < 1.0);
pub(super) const UNIT: Range = ("a number from 0 to 1", |x| (0.0..=1.0).contains(&x));
pub(super) const DIVISOR: Range = ("a number of at least 1", |x| x >= 1.0);

impl<'a> Settings<'a> {
    /// Takes a text apart.
    pub(super) fn read(text: &'a str) -> Result<Settings<'a>, String> {
        let (name, rest) = text.trim().split_once('(').unwrap_or((text.trim(), ")"));
        let inner = rest.strip_suffix(')').ok_or_else(|| format!("expected `)` at the end of '{text}'"))?;
        let settings = split(inner).into_iter().filter(|setting| !setting.trim().is_empty());
        let given = settings.map(|setting| match setting.split_once('=') {
            Some((key, value)) => (Some(key.trim()), value.trim()),
            None => (None, setting.trim()),
        });
        Ok(Settings { name: name.trim(), given: given.collect(), asked: Vec::new() })
    }

    /// A number; without default it must be given.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        (words, holds): Range,
        default: impl Into<Option<f32>>,
    ) -> Result<f32, String> {
        let parse = |value: &str| value.parse().ok().filter(|&x: &f32| x.is_finite() && holds(x));
        self.setting(key, words, parse, default.into())
    }

    /// A whole number from 1; without default it must be given.
    pub(super) fn count(
        &mut self,
        key: &'static str,
        default: impl Into<Option<usize>>,
    ) -> Result<usize, String> {
        let parse = |value: &str| value.parse().ok().filter(|&x| x > 0);
        self.setting(key, "a whole number of at least 1", parse, default.into())
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> Result<bool, String> {
        self.setting(key, "true or false", |value| value.parse().ok(), Some(default))
    }

    /// Ascending whole numbers from 1, which must be given.
    pub(super) fn counts(&mut self, key: &'static str) -> Result<Vec<usize>, String> {
        let parse = |value: &str| {
            let inner = value.strip_prefix('[')?.strip_suffix(']')?;
            let counts: Option<Vec<usize>> =
                inner.split(',').map(|count| count.trim().parse().ok()).collect();
            counts.filter(|counts| counts[0] > 0 && counts.windows(2).all(|pair| pair[0] < pair[1]))
        };
        self.setting(key, "ascending whole numbers of at least 1, as [30, 60]", parse, None)
    }

    /// Succeeds if nothing is left over.
    pub(super) fn end(&self) -> Result<(), String> {
        let Some((key, value)) = self.given.first() else { return Ok(()) };
        let asked = if self.asked.is_empty() { "no settings".into() } else { self.asked.join(", ") };
        let setting = key.unwrap_or(value);
        Err(self.wrong(format!("'{setting}' is no setting or given twice; there are {asked}")))
    }

    /// An error of this choice.
    pub(super) fn wrong(&self, message: impl Display) -> String {
        format!("{}: {message}", self.name)
    }

    fn setting<T>(
        &mut self,
        key: &'static str,
        words: &str,
        parse: impl Fn(&str) -> Option<T>,
        default: Option<T>,
    ) -> Result<T, String> {
        self.asked.push(key);
        let place = |wanted| self.given.iter().position(|(given, _)| *given == wanted);
        match place(Some(key)).or_else(|| place(None)) {
            None => default.ok_or_else(|| self.wrong(format!("{key} is missing: {words}"))),
            Some(at) => {
                let (_, value) = self.given.remove(at);
                parse(value).ok_or_else(|| self.wrong(format!("{key} must be {words}, found '{value}'")))
            }
        }
    }
}

/// The parts between commas that stand in no brackets.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let separates = |letter: char| {
        depth += i32::from(letter == '[') - i32::from(letter == ']');
        letter == ',' && depth == 0
    };
    text.split(separates).collect()
}
