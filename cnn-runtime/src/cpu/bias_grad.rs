//! Gradient of a bias, of a convolution or a dense layer alike:
//! `db[o] = sum over samples, pixels of dy[o][pixel]`.

use super::{
    frame::Frame,
    memory::Span,
    simd::Simd,
    split,
    totals::{Terms, Total, Values},
};
use crate::plan::{BLOCK, Map};

/// Writes the gradient of one block of outputs, zero past the last.
pub(super) fn run(frame: &Frame, dy: &Map, bias: Option<usize>, block: usize) {
    let Some(bias) = bias else { return };
    let len = dy.height * dy.width * BLOCK;
    let [sums] = if len == BLOCK {
        let first = frame.batch_map(dy).from(block * BLOCK);
        let terms = Samples { first, slab: frame.pass.arena.slab };
        frame.isa().run(Total { terms, len: frame.pass.batch * BLOCK })
    } else {
        // Threads have blocks of their own, if there are enough.
        let work = split::TOUCH * (len * frame.samples.len()) as u64;
        let parallel = dy.channels <= frame.cpu.threads * BLOCK && frame.is_parallel(work);
        frame.totals(parallel, len, &|sample| Values(frame.plane(sample, dy, block)))
    };
    frame.write_channels(frame.memory.grads.from(bias), dy, block, sums);
}

/// A vector of each sample, of which samples are `slab` floats apart.
struct Samples<'a> {
    first: Span<'a>,
    slab: usize,
}

impl Terms<1> for Samples<'_> {
    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, position: usize) -> [S::V; 1] {
        [self.first.load(simd, position / BLOCK * self.slab)]
    }
}
