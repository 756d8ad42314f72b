//! Errors: spans in, `compile_error!` out.
//!
//! A stage accumulates its errors in [`Diagnostics`] and asks once, at its end, whether there were
//! any.

pub use cnn_plan::settings::{did_you_mean, guess};
use indexmap::IndexSet;
use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::ast::Span;

/// Why a name of Rust means nothing in a network.
pub const NO_CONSTANTS: &str = "Rust's constants have no values yet when `network!` runs";

/// True for a name in capitals, as Rust's constants have them.
pub fn is_constant(word: &str) -> bool {
    word.chars().any(char::is_uppercase) && !word.chars().any(char::is_lowercase)
}

/// Errors with their places, in the order of the source's evaluation.
#[derive(Debug)]
pub struct Errors(Vec<Error>);

#[derive(Debug)]
struct Error {
    span: Span,
    message: String,
}

/// The errors of one stage so far.
#[derive(Default, Debug)]
pub struct Diagnostics {
    errors: Vec<Error>,
    /// Lines that say where in the evaluation of blocks and loops we are, outermost first.
    context: Vec<String>,
    /// Places inside blocks and loops that have failed: they fail alike each time they are
    /// evaluated.
    seen: IndexSet<String>,
}

impl Diagnostics {
    /// Adds an error. Inside a block or a loop, the first error of each place counts.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        self.add(span, message.into());
    }

    /// Adds an error that concerns two places, the wrong one first.
    pub fn error_at_both(&mut self, [wrong, other]: [Span; 2], [message, note]: [String; 2]) {
        if self.add(wrong, message) && !other.is_at(wrong) {
            self.errors.push(Error { span: other, message: note });
        }
    }

    /// False if the place has an error already.
    fn add(&mut self, span: Span, mut message: String) -> bool {
        if self.in_context() {
            if !self.seen.insert(span.place()) {
                return false;
            }
            message.push_str(&self.whereabouts());
        }
        self.errors.push(Error { span, message });
        true
    }

    /// Lines for the blocks and loops around, innermost first; of deep nesting only the ends.
    fn whereabouts(&self) -> String {
        const SHOWN: usize = 4;
        let mut lines: Vec<_> = self.context.iter().rev().map(|line| format!("\nin {line}")).collect();
        if lines.len() > SHOWN {
            let hidden = lines.len() - SHOWN;
            lines.splice(SHOWN - 1..lines.len() - 1, [format!("\nin {hidden} more")]);
        }
        lines.concat()
    }

    /// True inside a block or a loop.
    pub fn in_context(&self) -> bool {
        !self.context.is_empty()
    }

    /// Enters a block or a turn of a loop, which `line` describes.
    pub fn enter(&mut self, line: String) {
        self.context.push(line);
    }

    /// Leaves what [`Diagnostics::enter`] entered.
    pub fn leave(&mut self) {
        self.context.pop();
    }

    /// True if nothing is wrong so far.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All errors, if there are any. Every stage ends with this.
    pub fn check(&mut self) -> Result<(), Errors> {
        match std::mem::take(&mut self.errors) {
            errors if errors.is_empty() => Ok(()),
            errors => Err(Errors(errors)),
        }
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        debug_assert!(self.errors.is_empty() || std::thread::panicking(), "unchecked: {:?}", self.errors);
    }
}

impl From<syn::Error> for Errors {
    fn from(error: syn::Error) -> Errors {
        let one = |error: syn::Error| Error { span: error.span().into(), message: error.to_string() };
        Errors(error.into_iter().map(one).collect())
    }
}

impl Errors {
    /// One `compile_error!` for each error.
    pub fn emit(&self) -> TokenStream {
        self.0.iter().map(Error::emit).collect()
    }

    /// The messages alone.
    #[cfg(test)]
    pub fn messages(&self) -> Vec<&str> {
        self.0.iter().map(|error| error.message.as_str()).collect()
    }
}

impl Error {
    /// rustc reports a macro call from its first token to its last, so these two carry the span.
    fn emit(&self) -> TokenStream {
        let message = TokenTree::from(Literal::string(&self.message));
        let mut group = Group::new(Delimiter::Brace, message.into());
        group.set_span(self.span.end);
        let path = quote_spanned! {self.span.start=> ::core::compile_error! };
        quote! { #path #group }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::Diagnostics;

    #[test]
    fn each_place_in_a_loop_counts_once() {
        let mut errors = Diagnostics::default();
        for turn in 0..3 {
            errors.enter(format!("turn {turn}"));
            errors.error(Span::call_site().into(), format!("wrong {turn}"));
            errors.leave();
        }
        assert_eq!(errors.check().expect_err("one").messages(), ["wrong 0\nin turn 0"]);
    }

    #[test]
    #[cfg(debug_assertions)]
    #[should_panic(expected = "unchecked")]
    fn errors_cannot_be_lost() {
        Diagnostics::default().error(Span::call_site().into(), "lost");
    }
}
