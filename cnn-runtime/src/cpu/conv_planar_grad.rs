//! Filter gradients of a planar input, such as the image: the taps of a kernel's row lie side by side there.
//!
//! Where all of them see the input they are summed together, near its edges one by one.

use std::ops::Range;

use super::{
    conv_filter_grad::{Part, Task},
    simd::tile::{Level, Tile, pixels_of},
    split,
};
use crate::plan::BLOCK;

impl Task<'_> {
    /// Adds a part to a unit.
    pub(super) fn add_taps(&self, part: &Part, unit: usize) {
        let width = self.step.window.kernel[1];
        let valid = self.rows.valid_outputs(self.tap_row(unit));
        let rows = valid.start.max(part.rows.start)..valid.end.min(part.rows.end);
        let parts = width.div_ceil(pixels_of(self.blocks(unit).len()));
        for taps in (0..parts).map(|number| split::part(width, parts, number)) {
            let valid = || taps.clone().map(|tap| self.columns.valid_outputs(tap));
            let start = valid().map(|columns| columns.start).max().unwrap_or(0);
            let end = valid().map(|columns| columns.end).min().unwrap_or(0).max(start);
            self.add_rectangle(&part.samples, unit, taps.clone(), [rows.clone(), start..end]);
            for (tap, columns) in taps.clone().zip(valid()) {
                let before = columns.start..columns.end.min(start);
                let after = columns.start.max(end)..columns.end;
                self.add_rectangle(&part.samples, unit, tap..tap + 1, [rows.clone(), before]);
                self.add_rectangle(&part.samples, unit, tap..tap + 1, [rows.clone(), after]);
            }
        }
    }

    fn tap_row(&self, unit: usize) -> usize {
        self.elements(unit).start % self.area() / self.step.window.kernel[1]
    }

    /// Adds the products of neighbouring taps over a rectangle of outputs.
    fn add_rectangle(
        &self,
        samples: &Range<usize>,
        unit: usize,
        taps: Range<usize>,
        [rows, columns]: [Range<usize>; 2],
    ) {
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let (x_map, dy_map) = (&self.step.x, &self.step.dy);
        let (blocks, first) = (self.blocks(unit), self.elements(unit).start);
        let channel = blocks.start * BLOCK / self.outputs * self.inputs + first / self.area();
        let place =
            [self.rows.input(rows.start, self.tap_row(unit)), self.columns.input(columns.start, taps.start)];
        let x_start = x_map.index(channel, place[0] as usize, place[1] as usize);
        let dy_start = dy_map.index(blocks.start * BLOCK, rows.start, columns.start);
        let element = blocks.start * self.inputs * self.area() + first + taps.start;
        let terms = [
            Level {
                count: rows.len(),
                x: (self.rows.in_step * x_map.width) as isize,
                w: (dy_map.width * BLOCK) as isize,
            },
            Level { count: columns.len(), x: self.columns.in_step as isize, w: BLOCK as isize },
        ];
        let tile = self.tile(blocks.len(), taps.len(), (samples.len(), terms), BLOCK);
        let [x, dy] = self.operands(samples);
        Tile { x_pixel: self.columns.tap_step as usize, ..tile }.run(
            self.frame.isa(),
            (x, x_start as isize),
            (dy, dy_start as isize),
            (self.filters, (element * BLOCK) as isize),
        );
    }
}
