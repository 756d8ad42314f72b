//! Arguments assigned to parameters, each mistake an error where it stands.

use cnn_plan::settings::Signature;

use crate::{ast::Span, diag::Diagnostics};

/// An argument before its value matters.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub key: Option<(&'a str, Span)>,
    /// Where the value stands.
    pub span: Span,
}

/// For each parameter the index of its argument, if it has one, and whether all is well. `who`
/// begins each error; missing arguments are reported at `word`.
pub fn assign(
    signature: &Signature,
    who: &str,
    word: Span,
    arguments: &[Place],
    diagnostics: &mut Diagnostics,
) -> (Vec<Option<usize>>, bool) {
    let keys: Vec<_> = arguments.iter().map(|argument| argument.key.map(|(key, _)| key)).collect();
    let assignment = signature.assign(&keys);
    for problem in &assignment.problems {
        let span = problem.argument.map_or(word, |index| {
            let Place { key, span } = arguments[index];
            key.map_or(span, |(_, span)| span)
        });
        diagnostics.error(span, format!("{who}: {}", problem.message));
    }
    (assignment.arguments, assignment.problems.is_empty())
}
