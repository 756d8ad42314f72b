//! Dividing independent pieces of work among threads by recursive halving, without allocation.

use std::ops::Range;

/// Work, in multiply-accumulates, that is not worth waking a thread for.
pub(super) const TINY: u64 = 1 << 18;

/// What touching an element costs, in multiply-accumulates: a vector of them takes a cycle or two.
pub(super) const TOUCH: u64 = 16;

/// Calls `body` for each piece, on all threads of the current pool.
pub(super) fn each(pieces: Range<usize>, body: &(dyn Fn(usize) + Sync)) {
    if pieces.len() <= 1 {
        pieces.for_each(body);
        return;
    }
    let [low, high] = halves(pieces);
    rayon::join(|| each(low, body), || each(high, body));
}

/// Both halves of a range.
pub(super) fn halves(range: Range<usize>) -> [Range<usize>; 2] {
    let middle = range.start + range.len() / 2;
    [range.start..middle, middle..range.end]
}

/// The `part`-th of `parts` near-equal parts of `0..len`.
pub(super) fn part(len: usize, parts: usize, part: usize) -> Range<usize> {
    len * part / parts..len * (part + 1) / parts
}
