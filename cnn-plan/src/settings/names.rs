//! Names that may have been meant, and names that are too long to show.
//!
//! The distance of two names is written out here because this crate has no dependencies.

use alloc::{borrow::Cow, format, string::String, vec, vec::Vec};

use super::foreign;

/// The candidate that `word` was probably meant to be, as ``; did you mean `conv`?``, or nothing:
/// one that means the same in another library, else one that is spelled alike.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    if word.len() > LONGEST {
        return String::new();
    }
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let meant = foreign::same(word, &candidates).or_else(|| nearest(word, &candidates));
    meant.map_or_else(String::new, |candidate| format!("; did you mean `{candidate}`?"))
}

/// The candidate that a slip turned into `word`. Whoever slips has begun with the right letters, so
/// `selu` is no misspelled `relu`.
fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    if foreign::is_absent(word) {
        return None;
    }
    let allowed = (word.chars().count() / 3).max(1);
    let begins = |candidate: &str| {
        let [ours, theirs] = [word, candidate].map(|word| {
            let mut letters = word.chars().map(|letter| letter.to_ascii_lowercase());
            (letters.next(), letters.next())
        });
        ours.0 == theirs.0 || ours == (theirs.1, theirs.0)
    };
    let close = candidates
        .iter()
        .filter(|candidate| begins(candidate))
        .map(|candidate| (distance(word, candidate), *candidate));
    close
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
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
        assert_eq!(did_you_mean("ocnv", ["conv", "add"]), "; did you mean `conv`?");
        assert_eq!(did_you_mean("padding", ["stride", "pad"]), "; did you mean `pad`?");
        for (word, candidate) in
            [("colour", "stride"), ("selu", "relu"), ("nadam", "adam"), ("adamax", "adam")]
        {
            assert_eq!(did_you_mean(word, [candidate]), "");
        }
    }
}
