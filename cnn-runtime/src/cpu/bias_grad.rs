//! Gradient of a bias, of a convolution or a dense layer alike: `db[o] = sum over samples, pixels of dy[o][pixel]`.

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, Map};

/// Writes the gradient of one block of outputs, zero past the last.
pub(super) fn run(frame: &Frame, dy: &Map, bias: Option<usize>, block: usize) {
    let Some(bias) = bias else { return };
    let len = dy.height * dy.width * BLOCK;
    let mut sums = [0.0; BLOCK];
    for sample in frame.samples.clone() {
        let of_sample = frame.isa().run(Total(frame.map(sample, dy).part(block * len, len)));
        sums.iter_mut().zip(of_sample).for_each(|(sum, value)| *sum += value);
    }
    sums[BLOCK.min(dy.channels - block * BLOCK)..].fill(0.0);
    frame.memory.grads.part(bias + block * BLOCK, BLOCK).write(&sums);
}

/// The sum of all vectors, in four interleaved sums that hide the latency of additions.
struct Total<'a>(Span<'a>);

impl Kernel for Total<'_> {
    type Output = [f32; BLOCK];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f32; BLOCK] {
        let mut sums = [simd.splat(0.0); 4];
        for (number, at) in (0..self.0.len()).step_by(BLOCK).enumerate() {
            sums[number % 4] = simd.add(sums[number % 4], self.0.load(simd, at));
        }
        let mut total = [0.0; BLOCK];
        let sum = simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3]));
        Span::local(&mut total).store(simd, 0, sum);
        total
    }
}
