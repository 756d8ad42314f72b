//! Dividing independent pieces of work among threads by recursive halving, without allocation.

/// Work, in multiply-accumulates, that is not worth waking a thread for.
pub(super) const TINY: u64 = 1 << 18;

/// Calls `body` for each piece, on all threads of the current pool.
pub(super) fn each(pieces: std::ops::Range<usize>, body: &(dyn Fn(usize) + Sync)) {
    if pieces.len() <= 1 {
        pieces.for_each(body);
        return;
    }
    let middle = pieces.start + pieces.len() / 2;
    rayon::join(|| each(pieces.start..middle, body), || each(middle..pieces.end, body));
}

/// The `part`-th of `parts` near-equal parts of `0..len`.
pub(super) fn part(len: usize, parts: usize, part: usize) -> std::ops::Range<usize> {
    len * part / parts..len * (part + 1) / parts
}
