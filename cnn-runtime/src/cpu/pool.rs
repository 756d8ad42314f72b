//! Pooling: eight channels at a time, each output from the taps of its window that lie inside the input.
//!
//! Of equal elements the first in row-major order is the maximum, and NaN beats any number.

use super::{
    axis::Axis,
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, Map, Pool, PoolKind};

/// See [`Pool`].
pub(super) fn forward(frame: &Frame, step: &'static Pool) {
    let rows = Axis::forward(&step.window, 0, step.x.height, step.y.height);
    let columns = Axis::forward(&step.window, 1, step.x.width, step.y.width);
    let area = step.window.kernel[0] * step.window.kernel[1];
    let work = (step.y.len() * area) as u64;
    frame.each_sample(step.y.channels.div_ceil(BLOCK), work, &|sample, block| {
        let x = plane(frame.map(sample, &step.x), &step.x, block);
        let y = plane(frame.map(sample, &step.y), &step.y, block);
        let epilogue = frame.epilogue(step.epilogue, &step.y, sample);
        for row in 0..step.y.height {
            let (x_width, y_width) = (step.x.width, step.y.width);
            frame.isa().run(Row { kind: step.kind, rows, columns, row, area, x, x_width, y, y_width });
            epilogue.apply(step.y.index(block * BLOCK, row, 0), BLOCK, y_width);
        }
    });
}

/// The plane of eight channels.
pub(super) fn plane<'a>(span: Span<'a>, map: &Map, block: usize) -> Span<'a> {
    let len = map.height * map.width * BLOCK;
    span.part(block * len, len)
}

/// One row of outputs.
struct Row<'a> {
    kind: PoolKind,
    rows: Axis,
    columns: Axis,
    row: usize,
    area: usize,
    x: Span<'a>,
    x_width: usize,
    y: Span<'a>,
    y_width: usize,
}

impl Kernel for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let taps = self.rows.valid_taps(self.row);
        for column_run in self.columns.runs() {
            let count = taps.len() * column_run.taps.len();
            for column in column_run.outputs {
                let mut result = match self.kind {
                    PoolKind::Max => simd.splat(f32::NEG_INFINITY),
                    PoolKind::Avg { .. } => simd.splat(0.0),
                };
                for tap_row in taps.clone() {
                    let row = self.rows.input(self.row, tap_row) as usize * self.x_width;
                    for tap_column in column_run.taps.clone() {
                        let at = row + self.columns.input(column, tap_column) as usize;
                        let x = self.x.load(simd, at * BLOCK);
                        result = match self.kind {
                            // `max` keeps NaN of its second operand only.
                            PoolKind::Max => simd.select(simd.is_nan(x), x, simd.max(x, result)),
                            PoolKind::Avg { .. } => simd.add(result, x),
                        };
                    }
                }
                result = match self.kind {
                    PoolKind::Max => result,
                    PoolKind::Avg { count_include_pad: true } => {
                        simd.div(result, simd.splat(self.area as f32))
                    }
                    PoolKind::Avg { count_include_pad: false } => simd.div(result, simd.splat(count as f32)),
                };
                self.y.store(simd, (self.row * self.y_width + column) * BLOCK, result);
            }
        }
    }
}
