//! Gradients of small parameters: the batch is cut into parts with sums of their own, which are
//! then added in a tree.
//!
//! The tree depends on the batch and the work of a sample only, so the result is the same for any
//! number of threads.

use std::ops::Range;

use super::{frame::Frame, memory::Span, split};

/// Floats of the largest gradient of which there may be copies.
pub(super) const SMALL: usize = 4096;
/// Work of a part, in multiply-accumulates.
const PART: u64 = 4 * split::TINY;

/// Writes the sum over the batch to `gradient`, of at most [`SMALL`] floats: `add` adds the part of
/// the samples of its frame. `work` is that of one sample.
pub(super) fn run(frame: &Frame, work: u64, gradient: Span, add: &(dyn Fn(&Frame, Span) + Sync)) {
    let samples = frame.samples.len() as u64;
    let part = PART.div_ceil(work.max(1)).min(samples) as usize;
    let parallel = frame.is_parallel(work * samples);
    gradient.fill(0.0);
    tree(frame, frame.samples.clone(), (part, parallel), gradient, add);
}

fn tree(
    frame: &Frame,
    samples: Range<usize>,
    (part, parallel): (usize, bool),
    gradient: Span,
    add: &(dyn Fn(&Frame, Span) + Sync),
) {
    if samples.len() <= part {
        return add(&Frame { samples, divides: false, ..frame.clone() }, gradient);
    }
    let mut scratch = [0.0; SMALL];
    let more = Span::local(&mut scratch).part(0, gradient.len());
    let [low, high] = split::halves(samples);
    let low = || tree(frame, low, (part, parallel), gradient, add);
    let high = || tree(frame, high, (part, parallel), more, add);
    if parallel {
        rayon::join(low, high);
    } else {
        low();
        high();
    }
    (0..gradient.len()).for_each(|at| gradient.set(at, gradient.get(at) + more.get(at)));
}
