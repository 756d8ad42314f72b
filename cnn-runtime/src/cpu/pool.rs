//! Pooling: eight channels at a time, each output from the taps of its window that lie inside the input.
//!
//! Of equal elements the first in row-major order is the maximum, and NaN beats any number.

use super::{
    frame::Frame,
    memory::Span,
    pool_window::{Taps, Windows, divisor},
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, Pool, PoolKind};

/// See [`Pool`].
pub(super) fn forward(frame: &Frame, step: &'static Pool) {
    let [rows, columns] = Windows::of(step.kind, &step.window, &step.x, &step.y);
    let work = step.x.len().max(step.y.len() * step.window.kernel[0] * step.window.kernel[1]) as u64;
    frame.each_sample(step.y.channels.div_ceil(BLOCK), work, &|sample, block| {
        let (x, y) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.y, block));
        let epilogue = frame.epilogue(step.epilogue, &step.y, sample);
        for row in 0..step.y.height {
            let (taps, width) = (rows.taps(row), step.y.width);
            let y = y.part(row * width * BLOCK, width * BLOCK);
            frame.isa().run(Row { kind: step.kind, rows: taps, columns, x, x_width: step.x.width, y });
            epilogue.apply(step.y.index(block * BLOCK, row, 0), BLOCK, width);
        }
    });
}

/// One row of outputs.
struct Row<'a> {
    kind: PoolKind,
    rows: Taps,
    columns: Windows,
    x: Span<'a>,
    x_width: usize,
    y: Span<'a>,
}

impl Kernel for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for column in 0..self.y.len() / BLOCK {
            let columns = self.columns.taps(column);
            let result = match self.kind {
                PoolKind::Max => self.maximum(simd, &columns),
                PoolKind::Avg { .. } | PoolKind::AdaptiveAvg => {
                    let divisor = divisor(self.kind, [&self.rows, &columns]);
                    simd.div(self.sum(simd, &columns), simd.splat(divisor))
                }
            };
            self.y.store(simd, column * BLOCK, result);
        }
    }
}

impl Row<'_> {
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S, columns: &Taps, [row, column]: [usize; 2]) -> S::V {
        self.x.load(simd, (self.rows.input(row) * self.x_width + columns.input(column)) * BLOCK)
    }

    #[inline(always)]
    fn maximum<S: Simd>(&self, simd: S, columns: &Taps) -> S::V {
        let mut best = simd.splat(f32::NEG_INFINITY);
        for row in 0..self.rows.count {
            for column in 0..columns.count {
                let x = self.load(simd, columns, [row, column]);
                // `max` keeps NaN of its second operand only.
                best = simd.select(simd.is_nan(x), x, simd.max(x, best));
            }
        }
        best
    }

    #[inline(always)]
    fn sum<S: Simd>(&self, simd: S, columns: &Taps) -> S::V {
        let mut total = simd.splat(0.0);
        for row in 0..self.rows.count {
            let mut sum = simd.splat(0.0);
            for column in 0..columns.count {
                sum = simd.add(sum, self.load(simd, columns, [row, column]));
            }
            total = simd.add(total, sum);
        }
        total
    }
}
