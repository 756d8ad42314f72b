//! Which argument is for which parameter, for whatever takes arguments: layers, optimizers,
//! sections and blocks.

use alloc::{string::String, vec, vec::Vec};

use super::wording;

/// The names of what something takes, in positional order.
#[derive(Debug)]
pub struct Signature<'a> {
    /// The name of what takes it, `conv`.
    pub name: &'a str,
    /// The parameters.
    pub params: Vec<Expected<'a>>,
    /// How many of them can be given without their names.
    pub positional: usize,
}

/// A parameter of a [`Signature`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Its name in `key = value`.
    pub name: &'a str,
    /// Whether it must be given.
    pub required: bool,
}

/// Which arguments the parameters got.
#[derive(Debug)]
pub struct Assignment {
    /// For each parameter the index of its argument, if it has one.
    pub arguments: Vec<Option<usize>>,
    /// What is wrong; empty if all is well.
    pub problems: Vec<Misplaced>,
}

/// An argument without a parameter, or parameters without an argument.
#[derive(Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// The argument that is wrong; `None` if others are missing.
    pub argument: Option<usize>,
    /// What is wrong, without the name of what takes the arguments.
    pub message: String,
}

impl Signature<'_> {
    /// Assigns arguments, of which `keys` are the names where they have one.
    pub fn assign(&self, keys: &[Option<&str>]) -> Assignment {
        let mut arguments = vec![None; self.params.len()];
        let mut problems: Vec<Misplaced> = Vec::new();
        let mut too_many = false;
        let keyed = keys.iter().position(Option::is_some).unwrap_or(keys.len());
        for (index, key) in keys.iter().enumerate() {
            let message = match self.param(*key, index, keyed) {
                Ok(param) if arguments[param].is_none() => {
                    arguments[param] = Some(index);
                    continue;
                }
                Ok(param) => wording::given_twice(self.params[param].name),
                // One error stands for all arguments that are too many.
                Err(_) if key.is_none() && core::mem::replace(&mut too_many, true) => continue,
                Err(message) => message,
            };
            problems.push(Misplaced { argument: Some(index), message });
        }
        if problems.is_empty() {
            problems.extend(self.missing(&arguments));
        }
        Assignment { arguments, problems }
    }

    /// The parameter that an argument is for; from index `keyed` on, arguments must have keys.
    fn param(&self, key: Option<&str>, index: usize, keyed: usize) -> Result<usize, String> {
        match key {
            Some(key) => {
                let found = self.params.iter().position(|param| param.name == key);
                found.ok_or_else(|| wording::unknown_argument(self, key))
            }
            None if index > keyed => Err(wording::POSITIONAL_AFTER_KEYED.into()),
            None if index < self.positional => Ok(index),
            None => Err(wording::too_many(self)),
        }
    }

    fn missing(&self, arguments: &[Option<usize>]) -> Option<Misplaced> {
        let params = self.params.iter().zip(arguments);
        let missing = params.filter(|(param, given)| param.required && given.is_none());
        let names: Vec<_> = missing.map(|(param, _)| param.name).collect();
        let message = (!names.is_empty()).then(|| wording::missing(self, &names))?;
        Some(Misplaced { argument: None, message })
    }
}
