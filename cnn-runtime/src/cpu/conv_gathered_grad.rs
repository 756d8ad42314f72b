//! Filter gradients where nothing lies side by side in the input, as in groups that share a block:
//! taps are gathered to do so.

use std::ops::Range;

use super::{
    conv_filter_grad::{Part, Task, Unit},
    memory::Span,
    simd::tile::Level,
};
use crate::plan::BLOCK;

/// Pixels gathered at a time.
const GATHERED: usize = 32;

impl Task<'_> {
    /// Adds a part to a unit, a few taps at a time.
    pub(super) fn add_gathered(&self, part: &Part, unit: Unit) {
        let width = self.step.dy.width;
        for (sample, row) in
            part.samples.clone().flat_map(|sample| part.rows.clone().map(move |row| (sample, row)))
        {
            for column in (0..width).step_by(GATHERED) {
                self.add_patches(sample, unit, row, column..width.min(column + GATHERED));
            }
        }
    }

    /// Adds neighbouring outputs of a row.
    fn add_patches(&self, sample: usize, unit: Unit, row: usize, columns: Range<usize>) {
        let (map, blocks) = (&self.step.dy, self.blocks(unit));
        let (dy, taps) = (self.frame.map(sample, map), self.inputs * self.area());
        let group = blocks.start * BLOCK / self.outputs;
        let dy_start = map.index(blocks.start * BLOCK, row, columns.start) as isize;
        let terms = [Level::ONE, Level { count: columns.len(), x: BLOCK as isize, w: BLOCK as isize }];
        for tap in (0..taps).step_by(BLOCK) {
            let lanes = BLOCK.min(taps - tap);
            let mut patch = [0.0; GATHERED * BLOCK];
            self.patch(sample, group, tap..tap + lanes, (row, columns.clone()), &mut patch);
            let gradient = (blocks.start * taps + tap) * BLOCK;
            self.tile(blocks.len(), lanes, (1, terms), BLOCK).run(
                self.frame.isa(),
                (Span::local(&mut patch), 0),
                (dy, dy_start),
                (self.filters, gradient as isize),
            );
        }
    }

    /// `patch[pixel][lane]` becomes what the pixel sees through the lane's tap; padding stays zero.
    fn patch(
        &self,
        sample: usize,
        group: usize,
        taps: Range<usize>,
        (row, columns): (usize, Range<usize>),
        patch: &mut [f32],
    ) {
        let (map, [_, width]) = (&self.step.x, self.step.window.kernel);
        let x = self.frame.map(sample, map);
        for (lane, tap) in taps.enumerate() {
            let channel = group * self.inputs + tap / self.area();
            let in_row = self.rows.input(row, tap % self.area() / width);
            if !(0..map.height as isize).contains(&in_row) {
                continue;
            }
            for (pixel, column) in columns.clone().enumerate() {
                let in_column = self.columns.input(column, tap % width);
                if (0..map.width as isize).contains(&in_column) {
                    patch[pixel * BLOCK + lane] =
                        x.get(map.index(channel, in_row as usize, in_column as usize));
                }
            }
        }
    }
}
