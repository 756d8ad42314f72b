//! Gradient of pooling: every window passes its gradient on to its elements, in row-major order of
//! the windows.
//!
//! A maximum's gradient goes to the first element of the window that none beats.

use super::{
    frame::Frame,
    memory::Span,
    pool::maximum,
    pool_window::{Pooling, Stretch},
    simd::{Kernel, Simd, beats},
};
use crate::plan::{BLOCK, Map, PoolGrad, PoolKind};

/// Runs [`PoolGrad`].
pub(super) fn run(frame: &Frame, step: &'static PoolGrad) {
    let pooling = Pooling::new(step.kind, &step.window, &step.dx, &step.dy);
    let taps = step.window.kernel[0] * step.window.kernel[1];
    let elements = step.dx.len().max(step.dy.len().saturating_mul(taps));
    frame.touch_each(step.dx.channels.div_ceil(BLOCK), elements, &|sample, block| {
        let plane = |map: &Map| frame.plane(sample, map, block);
        // An average does not look at its input; `dx` has the same shape.
        let x = plane(step.x.as_ref().unwrap_or(&step.dx));
        let (dy, dx, Map { height, width, .. }) = (plane(&step.dy), plane(&step.dx), step.dy);
        frame.isa().run(Plane { pooling, x, dy, dx, height, width });
        let count = dx.len() / BLOCK;
        frame.epilogue(step.epilogue, &step.dx, sample).apply(block * dx.len(), BLOCK, count);
    });
}

/// Eight channels of a sample.
struct Plane<'a> {
    pooling: Pooling,
    x: Span<'a>,
    dy: Span<'a>,
    dx: Span<'a>,
    height: usize,
    width: usize,
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if !self.pooling.tiles {
            for at in (0..self.dx.len()).step_by(BLOCK) {
                self.dx.store(simd, at, simd.splat(0.0));
            }
        }
        for row in 0..self.height {
            let dy = self.dy.part(row * self.width * BLOCK, self.width * BLOCK);
            for stretch in self.pooling.stretches(row) {
                match stretch.taps {
                    [2, 2] => self.stretch::<S, 2>(simd, &stretch, dy),
                    [3, 3] => self.stretch::<S, 3>(simd, &stretch, dy),
                    _ => self.stretch::<S, 0>(simd, &stretch, dy),
                }
            }
        }
    }
}

impl Plane<'_> {
    /// Windows of `K x K` taps, or any if that is 0.
    #[inline(always)]
    fn stretch<S: Simd, const K: usize>(&self, simd: S, stretch: &Stretch, dy: Span) {
        let taps = if K == 0 { stretch.taps } else { [K, K] };
        let divisor = simd.splat(stretch.divisor);
        for window in stretch.windows.clone() {
            let first = stretch.first(window);
            let (place, dy) = (|tap| stretch.tap(first, tap), dy.load(simd, window * BLOCK));
            match self.pooling.kind {
                PoolKind::Max => self.to_maximum(simd, taps, place, dy),
                PoolKind::Avg { .. } | PoolKind::AdaptiveAvg => {
                    let share = simd.div(dy, divisor);
                    each(taps, |tap| self.add(simd, place(tap), share));
                }
            }
        }
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, at: usize, share: S::V) {
        let sum = if self.pooling.tiles { share } else { simd.add(self.dx.load(simd, at), share) };
        self.dx.store(simd, at, sum);
    }

    #[inline(always)]
    fn to_maximum<S: Simd>(&self, simd: S, taps: [usize; 2], place: impl Fn([usize; 2]) -> usize, dy: S::V) {
        let best = maximum(simd, taps, |tap| self.x.load(simd, place(tap)));
        let (mut left, zero) = (dy, simd.splat(0.0));
        each(taps, |tap| {
            let beaten = beats(simd, best, self.x.load(simd, place(tap)));
            self.add(simd, place(tap), simd.select(beaten, zero, left));
            left = simd.select(beaten, left, zero);
        });
    }
}

/// All taps of a window, in row-major order.
#[inline(always)]
fn each([rows, columns]: [usize; 2], mut body: impl FnMut([usize; 2])) {
    for row in 0..rows {
        for column in 0..columns {
            body([row, column]);
        }
    }
}
