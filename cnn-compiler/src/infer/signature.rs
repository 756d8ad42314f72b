//! Which argument is for which parameter, for whatever takes arguments: layers, optimizers, sections and blocks.

use super::errors;
use crate::{ast::Span, diag::Diagnostics};

/// What something takes, in positional order.
#[derive(Debug)]
pub struct Signature<'a> {
    /// What takes it, `conv`.
    pub name: &'a str,
    /// Names, and whether the argument must be given.
    pub params: Vec<(&'a str, bool)>,
    /// How many of them can be given without their names.
    pub positional: usize,
}

/// An argument before its value matters.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub key: Option<(&'a str, Span)>,
    /// Where the value stands.
    pub span: Span,
}

impl Signature<'_> {
    /// For each parameter the index of its argument, if it has one, and whether all is well. `who` begins each error; missing
    /// arguments are reported at `word`.
    pub fn assign(
        &self,
        who: &str,
        word: Span,
        arguments: &[Place],
        diagnostics: &mut Diagnostics,
    ) -> (Vec<Option<usize>>, bool) {
        let mut assigned = vec![None; self.params.len()];
        let mut sound = true;
        let mut too_many = false;
        let keyed = arguments.iter().position(|argument| argument.key.is_some()).unwrap_or(arguments.len());
        for (position, argument) in arguments.iter().enumerate() {
            let problem = match self.param(argument, position, keyed) {
                Ok(param) if assigned[param].is_none() => {
                    assigned[param] = Some(position);
                    continue;
                }
                Ok(param) => errors::given_twice(self.params[param].0),
                // One error stands for all arguments that are too many.
                Err(_) if argument.key.is_none() && std::mem::replace(&mut too_many, true) => continue,
                Err(problem) => problem,
            };
            let span = argument.key.map_or(argument.span, |(_, span)| span);
            diagnostics.error(span, format!("{who}: {problem}"));
            sound = false;
        }
        let params = self.params.iter().zip(&assigned);
        let missing: Vec<_> = params
            .filter(|((_, required), given)| *required && given.is_none())
            .map(|((name, _), _)| *name)
            .collect();
        if sound && !missing.is_empty() {
            diagnostics.error(word, format!("{who}: {}", errors::missing(self, &missing)));
            sound = false;
        }
        (assigned, sound)
    }

    /// The parameter that an argument is for; from `keyed` on, arguments must have keys.
    fn param(&self, argument: &Place, position: usize, keyed: usize) -> Result<usize, String> {
        match argument.key {
            Some((key, _)) => {
                let found = self.params.iter().position(|(name, _)| *name == key);
                found.ok_or_else(|| errors::unknown_argument(self, key))
            }
            None if position > keyed => Err(errors::POSITIONAL_AFTER_KEYED.into()),
            None if position < self.positional => Ok(position),
            None => Err(errors::too_many(self)),
        }
    }
}
