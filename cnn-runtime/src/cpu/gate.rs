//! Gates: a factor for each channel, and its gradient.

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
    totals::{Products, Total},
};
use crate::plan::{BLOCK, Gate, GateGrad};

/// Runs [`Gate`].
pub(super) fn forward(frame: &Frame, step: &'static Gate) {
    frame.touch_each(step.y.channels.div_ceil(BLOCK), step.y.len(), &|sample, block| {
        let (x, y) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.y, block));
        let gate = frame.plane(sample, &step.gate, block);
        frame.isa().run(Plane { x, gate, y });
        let count = y.len() / BLOCK;
        frame.epilogue(step.epilogue, &step.y, sample).apply(block * y.len(), BLOCK, count);
    });
}

/// Eight channels of a sample.
struct Plane<'a> {
    x: Span<'a>,
    gate: Span<'a>,
    y: Span<'a>,
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let gate = self.gate.load(simd, 0);
        for at in (0..self.y.len()).step_by(BLOCK) {
            self.y.store(simd, at, simd.mul(self.x.load(simd, at), gate));
        }
    }
}

/// Runs [`GateGrad`].
pub(super) fn grad(frame: &Frame, step: &'static GateGrad) {
    frame.touch_each(step.x.channels.div_ceil(BLOCK), step.x.len(), &|sample, block| {
        let (x, dy) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.dy, block));
        let [sums] = frame.isa().run(Total { terms: Products(x, dy), len: x.len() });
        frame.plane(sample, &step.dgate, block).write(&sums.map(|sum| sum as f32));
        frame.epilogue(step.epilogue, &step.dgate, sample).apply(block * BLOCK, BLOCK, 1);
    });
}
