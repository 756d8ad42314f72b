//! Gradient of pooling: every window passes its gradient on to its elements, in row-major order of the windows.
//!
//! A maximum's gradient goes to the first element of the window that none beats.

use super::{
    frame::Frame,
    memory::Span,
    pool_window::{Taps, Windows, divisor},
    simd::{Kernel, Simd, beats},
};
use crate::plan::{BLOCK, Map, PoolGrad, PoolKind};

/// See [`PoolGrad`].
pub(super) fn run(frame: &Frame, step: &'static PoolGrad) {
    let [rows, columns] = Windows::of(step.kind, &step.window, &step.dx, &step.dy);
    let work = step.dx.len().max(step.dy.len() * step.window.kernel[0] * step.window.kernel[1]) as u64;
    frame.each_sample(step.dx.channels.div_ceil(BLOCK), work, &|sample, block| {
        let epilogue = frame.epilogue(step.epilogue, &step.dx, sample);
        let plane = |map: &Map| frame.plane(sample, map, block);
        let x = match step.kind {
            PoolKind::Max => plane(&step.x),
            PoolKind::Avg { .. } | PoolKind::AdaptiveAvg => plane(&step.dx),
        };
        let (dy, dx, width) = (plane(&step.dy), plane(&step.dx), step.dx.width);
        frame.isa().run(Plane { kind: step.kind, rows, columns, x, dy, dy_map: &step.dy, dx, width });
        epilogue.apply(step.dx.index(block * BLOCK, 0, 0), BLOCK, step.dx.height * width);
    });
}

/// Eight channels of a sample.
struct Plane<'a> {
    kind: PoolKind,
    rows: Windows,
    columns: Windows,
    x: Span<'a>,
    dy: Span<'a>,
    dy_map: &'a Map,
    dx: Span<'a>,
    width: usize,
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (0..self.dx.len()).step_by(BLOCK) {
            self.dx.store(simd, at, simd.splat(0.0));
        }
        let mut window = 0;
        for row in 0..self.dy_map.height {
            let rows = self.rows.taps(row);
            for column in 0..self.dy_map.width {
                let columns = self.columns.taps(column);
                let dy = self.dy.load(simd, window);
                match self.kind {
                    PoolKind::Max => self.to_maximum(simd, [&rows, &columns], dy),
                    PoolKind::Avg { .. } | PoolKind::AdaptiveAvg => {
                        let divisor = simd.splat(divisor(self.kind, [&rows, &columns]));
                        self.to_all(simd, [&rows, &columns], simd.div(dy, divisor));
                    }
                }
                window += BLOCK;
            }
        }
    }
}

impl Plane<'_> {
    #[inline(always)]
    fn place(&self, [rows, columns]: [&Taps; 2], row: usize, column: usize) -> usize {
        (rows.input(row) * self.width + columns.input(column)) * BLOCK
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, at: usize, share: S::V) {
        self.dx.store(simd, at, simd.add(self.dx.load(simd, at), share));
    }

    #[inline(always)]
    fn to_all<S: Simd>(&self, simd: S, taps: [&Taps; 2], share: S::V) {
        for row in 0..taps[0].count {
            for column in 0..taps[1].count {
                self.add(simd, self.place(taps, row, column), share);
            }
        }
    }

    #[inline(always)]
    fn to_maximum<S: Simd>(&self, simd: S, taps: [&Taps; 2], dy: S::V) {
        if taps[0].count * taps[1].count == 0 {
            return;
        }
        let mut best = self.x.load(simd, self.place(taps, 0, 0));
        for row in 0..taps[0].count {
            for column in 0..taps[1].count {
                let x = self.x.load(simd, self.place(taps, row, column));
                best = simd.select(beats(simd, x, best), x, best);
            }
        }
        let (mut left, zero) = (dy, simd.splat(0.0));
        for row in 0..taps[0].count {
            for column in 0..taps[1].count {
                let at = self.place(taps, row, column);
                let beaten = beats(simd, best, self.x.load(simd, at));
                self.add(simd, at, simd.select(beaten, zero, left));
                left = simd.select(beaten, left, zero);
            }
        }
    }
}
