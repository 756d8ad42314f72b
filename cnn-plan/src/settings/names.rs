//! Names that may have been meant, and names that are too long to show.
//!
//! The distance of two names is written out here because this crate has no dependencies.

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};

/// The candidate that `word` was probably meant to be, as ``; did you mean `conv`?``, or nothing.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    if word.len() > LONGEST {
        return String::new();
    }
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map_or_else(String::new, |(_, candidate)| format!("; did you mean `{candidate}`?"))
}

/// Bytes of a text that a message repeats in full.
const LONGEST: usize = 64;

/// A text for a message: itself, or its beginning and `…` if it is long.
///
/// ```
/// use cnn_plan::settings::shortened;
///
/// assert_eq!(shortened("adam"), "adam");
/// assert_eq!(shortened(&"(".repeat(50_000)).chars().count(), 49);
/// ```
pub fn shortened(text: &str) -> Cow<'_, str> {
    const KEPT: usize = 48;
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().take(KEPT).chain(['…']).collect())
}

/// Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitution = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("conv", "conv", 0),
            ("cnov", "conv", 1),
            ("con", "conv", 1),
            ("dens", "tense", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn guesses_are_close_or_none() {
        assert_eq!(did_you_mean("strid", ["stride", "pad"]), "; did you mean `stride`?");
        assert_eq!(did_you_mean("colour", ["stride", "pad"]), "");
    }
}
