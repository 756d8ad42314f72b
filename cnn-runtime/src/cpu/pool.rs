//! Pooling: eight channels at a time, each output from the taps of its window that lie inside the
//! input.
//!
//! Of equal elements the first in row-major order is the maximum, and NaN beats any number.

use super::{
    frame::Frame,
    memory::Span,
    pool_window::{Pooling, Stretch},
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, Pool, PoolKind};

/// Runs [`Pool`].
pub(super) fn forward(frame: &Frame, step: &'static Pool) {
    let pooling = Pooling::new(step.kind, &step.window, &step.x, &step.y);
    let elements = step.x.len().max(step.y.len() * step.window.kernel[0] * step.window.kernel[1]);
    frame.touch_each(step.y.channels.div_ceil(BLOCK), elements, &|sample, block| {
        let (x, y) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.y, block));
        frame.isa().run(Plane { pooling, x, y, height: step.y.height, width: step.y.width });
        let count = y.len() / BLOCK;
        frame.epilogue(step.epilogue, &step.y, sample).apply(block * y.len(), BLOCK, count);
    });
}

/// Eight channels of a sample.
struct Plane<'a> {
    pooling: Pooling,
    x: Span<'a>,
    y: Span<'a>,
    height: usize,
    width: usize,
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for row in 0..self.height {
            let y = self.y.part(row * self.width * BLOCK, self.width * BLOCK);
            for stretch in self.pooling.stretches(row) {
                match stretch.taps {
                    [2, 2] => self.stretch::<S, 2>(simd, &stretch, y),
                    [3, 3] => self.stretch::<S, 3>(simd, &stretch, y),
                    _ => self.stretch::<S, 0>(simd, &stretch, y),
                }
            }
        }
    }
}

impl Plane<'_> {
    /// Windows of `K x K` taps, or any if that is 0.
    #[inline(always)]
    fn stretch<S: Simd, const K: usize>(&self, simd: S, stretch: &Stretch, y: Span) {
        let taps = if K == 0 { stretch.taps } else { [K, K] };
        let divisor = simd.splat(stretch.divisor);
        for window in stretch.windows.clone() {
            let first = stretch.first(window);
            let x = |place| self.x.load(simd, stretch.tap(first, place));
            let result = match self.pooling.kind {
                PoolKind::Max => maximum(simd, taps, x),
                PoolKind::Avg { .. } | PoolKind::AdaptiveAvg => simd.div(sum(simd, taps, x), divisor),
            };
            y.store(simd, window * BLOCK, result);
        }
    }
}

/// The largest element of a window; also the gradient's.
#[inline(always)]
pub(super) fn maximum<S: Simd>(simd: S, [rows, columns]: [usize; 2], x: impl Fn([usize; 2]) -> S::V) -> S::V {
    let mut best = simd.splat(f32::NEG_INFINITY);
    for row in 0..rows {
        for column in 0..columns {
            let x = x([row, column]);
            // `max` keeps NaN of its second operand only.
            best = simd.select(simd.is_nan(x), x, simd.max(x, best));
        }
    }
    best
}

#[inline(always)]
fn sum<S: Simd>(simd: S, [rows, columns]: [usize; 2], x: impl Fn([usize; 2]) -> S::V) -> S::V {
    let mut total = simd.splat(0.0);
    for row in 0..rows {
        let mut sum = simd.splat(0.0);
        for column in 0..columns {
            sum = simd.add(sum, x([row, column]));
        }
        total = simd.add(total, sum);
    }
    total
}
