//! `freeze` of `train { … }`: patterns of the paths of layers and blocks that are not trained.
//!
//! They are matched when the whole network is known. A pattern that names no layer with parameters
//! is an error: a layer that was to be frozen would be trained without a word.

use std::collections::HashSet;

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
                if paths(&param.name).any(|path| matches(pattern, path)) {
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

/// The path of a parameter's layer, then those of the blocks that it is in, the inner ones first.
fn paths(param: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(param), |path| parent(path))
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(parent, _)| parent)
}

/// Whether a path is as a pattern says, in which each `*` stands for any characters.
fn matches(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    // The earliest place of each part leaves most for those behind it.
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn unmatched(pattern: &str, shaper: &Shaper) -> String {
    let mut seen = HashSet::new();
    let params = &shaper.graph.params;
    let known: Vec<&str> =
        params.iter().flat_map(|param| paths(&param.name)).filter(|path| seen.insert(*path)).collect();
    let guess = did_you_mean(pattern.trim_end_matches(['*', '.']), known.iter().copied());
    let advice = if guess.is_empty() {
        let first: Vec<_> = known.iter().filter(|path| !path.contains('.')).take(8).copied().collect();
        format!("; there are {}", first.join(", "))
    } else {
        guess
    };
    format!("train: freeze: no layer with parameters is called {pattern:?}{advice}")
}

#[cfg(test)]
mod tests {
    use super::{matches, paths};

    #[test]
    fn patterns_name_layers_and_blocks() {
        for (pattern, names) in [
            ("layer1", true),
            ("layer1.0", true),
            ("layer*", true),
            ("*.bn1", true),
            ("l*r1.*.b*1", true),
            ("*", true),
            ("layer1.0.bn1", true),
            ("l*1*1", true),
            ("l*1*1*1", false),
            ("**layer1**", true),
            ("layer", false),
            ("layer1.", false),
            ("layer1.0.bn1.weight", false),
            ("bn1", false),
            ("", false),
        ] {
            let found = paths("layer1.0.bn1.weight").any(|path| matches(pattern, path));
            assert_eq!(found, names, "{pattern}");
        }
    }
}
