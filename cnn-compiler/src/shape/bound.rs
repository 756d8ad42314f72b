//! Arguments after they were checked: their values, and the places to report what else is wrong.

use cnn_plan::settings::Values;

use crate::ast::Span;

/// Arguments bound to their parameters, every parameter present.
#[derive(Debug)]
pub struct Args {
    /// The values, read by name.
    pub values: Values,
    /// What takes them.
    pub word: Span,
    /// The place of each value; `word` for a default.
    pub(super) spans: Vec<Span>,
}

impl Args {
    /// Where an argument stands; the word of what takes it if it was left out.
    pub fn span(&self, name: &str) -> Span {
        self.values.place(name).map_or(self.word, |place| self.spans[place])
    }
}

/// A thing chosen from a table, with the arguments it was made of.
#[derive(Debug)]
pub struct Made<T> {
    pub thing: T,
    pub args: Args,
}

impl<T> Made<T> {
    /// The name of the thing's row.
    pub fn name(&self) -> &'static str {
        self.args.values.spec.name
    }
}
