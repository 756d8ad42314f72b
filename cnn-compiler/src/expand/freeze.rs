//! `freeze` of `train { … }`: patterns of the paths of layers and blocks that are not trained.
//!
//! They are matched when the whole network is known. A pattern that names no layer with parameters
//! is an error: a layer that was to be frozen would be trained without a word.

use std::collections::HashSet;

use cnn_plan::path::{matches, parents};

use crate::{ast::Span, diag::did_you_mean, shape::Shaper};

/// Patterns, and where they stand.
pub(super) struct Freeze {
    pub patterns: &'static [&'static str],
    pub span: Span,
}

impl Freeze {
    /// Freezes what the patterns name, or adds errors.
    pub fn apply(&self, shaper: &mut Shaper) {
        // After an error, what is named may be missing.
        if !shaper.errors.is_empty() {
            return;
        }
        for pattern in self.patterns {
            let mut is_found = false;
            for param in &mut shaper.graph.params {
                if parents(&param.name).any(|path| matches(pattern, path)) {
                    param.trainable = false;
                    is_found = true;
                }
            }
            if !is_found {
                let message = unmatched(pattern, shaper);
                shaper.errors.error(self.span, message);
            }
        }
        let is_trained = shaper.graph.params.iter().any(|param| param.trainable);
        if !self.patterns.is_empty() && !is_trained && shaper.errors.is_empty() {
            shaper
                .errors
                .error(self.span, "train: freeze: every layer is frozen, and nothing is left to train");
        }
    }
}

fn unmatched(pattern: &str, shaper: &Shaper) -> String {
    let mut seen = HashSet::new();
    let params = &shaper.graph.params;
    let known: Vec<&str> =
        params.iter().flat_map(|param| parents(&param.name)).filter(|path| seen.insert(*path)).collect();
    let guess = did_you_mean(pattern.trim_end_matches(['*', '.']), known.iter().copied());
    let advice = if guess.is_empty() {
        let first: Vec<_> = known.iter().filter(|path| !path.contains('.')).take(8).copied().collect();
        format!("; there are {}", first.join(", "))
    } else {
        guess
    };
    format!("train: freeze: no layer with parameters is called {pattern:?}{advice}")
}
