//! The sum of what the readers of a parameter contribute to its gradient: [`AddGradient`].

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
    split,
};
use crate::plan::{AddGradient, BLOCK};

/// Floats of one piece of work.
const PIECE: usize = 1 << 14;

/// Adds two gradients.
pub(super) fn run(frame: &Frame, step: &AddGradient) {
    let work = split::TOUCH.saturating_mul(step.len as u64);
    frame.each(step.len.div_ceil(PIECE), work, &|piece| {
        let len = PIECE.min(step.len - piece * PIECE);
        let part = |gradient: usize| frame.memory.grads.part(gradient + piece * PIECE, len);
        let [sum, first, second] = [step.sum, step.first, step.second].map(part);
        frame.isa().run(Add { sum, first, second });
    });
}

struct Add<'a> {
    sum: Span<'a>,
    first: Span<'a>,
    second: Span<'a>,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (0..self.sum.len()).step_by(BLOCK) {
            self.sum.store(simd, at, simd.add(self.first.load(simd, at), self.second.load(simd, at)));
        }
    }
}
