//! Gradients of a convolution's filters and bias.
//!
//! `dw[o][i][tap] = sum over samples, pixels of dy[o][pixel] * x[i][pixel at tap]`. Eight filter elements of an output block are eight
//! sums in registers; the sums run over samples, then chunks of rows, so their order depends on shapes only. Blocked inputs
//! offer eight channels of one tap side by side; for any other input eight taps are gathered.

use std::ops::Range;

use super::{
    axis::Axis,
    frame::Frame,
    memory::Span,
    simd::{
        Kernel, Simd,
        tile::{Channels, Level, Start, Tile},
    },
    split,
};
use crate::plan::{BLOCK, ConvFilterGrad, Layout};

/// Pixels that eight sums in registers run over before they return to memory.
const PIXELS: usize = 256;
/// Pixels gathered at a time.
const GATHERED: usize = 32;

struct Task<'a> {
    frame: &'a Frame<'a>,
    step: &'static ConvFilterGrad,
    inputs: usize,
    outputs: usize,
    rows: Axis,
    columns: Axis,
    filters: Span<'a>,
}

/// See [`ConvFilterGrad`].
pub(super) fn run(frame: &Frame, step: &'static ConvFilterGrad) {
    let inputs = step.x.channels / step.groups;
    let outputs = step.dy.channels / step.groups;
    let blocks = step.dy.channels.div_ceil(BLOCK);
    let [height, width] = step.window.kernel;
    let task = Task {
        frame,
        step,
        inputs,
        outputs,
        rows: Axis::forward(&step.window, 0, step.x.height, step.dy.height),
        columns: Axis::forward(&step.window, 1, step.x.width, step.dy.width),
        filters: frame.memory.grads.part(step.filter, blocks * BLOCK * inputs * height * width),
    };
    let work = (frame.pass.batch * step.dy.len() * inputs * height * width) as u64;
    let units = blocks * task.units_of_block();
    let pieces = units.min(4 * frame.cpu.threads);
    frame.each(pieces, work, &|piece| task.piece(split::part(units, pieces, piece)));
}

impl Task<'_> {
    fn is_ragged(&self) -> bool {
        self.step.groups > 1 && !self.outputs.is_multiple_of(BLOCK)
    }

    fn is_gathered(&self) -> bool {
        let whole_blocks = self.step.groups == 1 || self.inputs.is_multiple_of(BLOCK);
        self.step.x.layout == Layout::Planar || !whole_blocks
    }

    fn area(&self) -> usize {
        self.step.window.kernel[0] * self.step.window.kernel[1]
    }

    /// Parts into which an output block's gradient falls.
    fn units_of_block(&self) -> usize {
        if self.is_ragged() || self.is_gathered() { 1 } else { self.inputs.div_ceil(BLOCK) }
    }

    fn piece(&self, units: Range<usize>) {
        let of_block = self.units_of_block();
        let blocks = units.start.div_ceil(of_block)..units.end.div_ceil(of_block);
        if self.is_ragged() {
            blocks.clone().for_each(|block| self.ragged(block));
        } else {
            self.zero(&units);
            for sample in self.frame.samples.clone() {
                if self.is_gathered() {
                    self.gather(sample, blocks.clone());
                } else {
                    units.clone().for_each(|unit| self.unit(sample, unit / of_block, unit % of_block));
                }
            }
            self.clear_padding(&units);
        }
        // A block's bias belongs to the piece that has its first unit.
        blocks.for_each(|block| self.bias(block));
    }

    /// The part of the gradient that a range of units covers.
    fn elements(&self, unit: usize) -> (usize, usize) {
        let (of_block, per_block) = (self.units_of_block(), self.inputs * self.area() * BLOCK);
        let (block, part) = (unit / of_block, unit % of_block);
        let whole = if of_block == 1 { per_block } else { BLOCK * self.area() * BLOCK };
        let start = part * whole;
        (block * per_block + start, whole.min(per_block - start))
    }

    fn zero(&self, units: &Range<usize>) {
        for (start, len) in units.clone().map(|unit| self.elements(unit)) {
            self.filters.part(start, len).fill(0.0);
        }
    }

    /// The gradient's lanes past the last output took what the padding lanes of `dy` hold.
    fn clear_padding(&self, units: &Range<usize>) {
        for (start, len) in units.clone().map(|unit| self.elements(unit)) {
            let block = start / (self.inputs * self.area() * BLOCK);
            let lanes = BLOCK.min(self.step.dy.channels - block * BLOCK);
            for vector in (start..start + len).step_by(BLOCK) {
                (lanes..BLOCK).for_each(|lane| self.filters.set(vector + lane, 0.0));
            }
        }
    }

    /// Adds one sample to the gradient of one output block and one block of input channels.
    fn unit(&self, sample: usize, block: usize, input_block: usize) {
        let (x_map, dy_map) = (&self.step.x, &self.step.dy);
        let [height, width] = self.step.window.kernel;
        let chunk = (PIXELS / dy_map.width).max(1);
        let x = self.frame.map(sample, x_map);
        let dy = self.frame.map(sample, dy_map);
        let first = input_block * BLOCK;
        let channel = block * BLOCK / self.outputs * self.inputs + first;
        for start in (0..dy_map.height).step_by(chunk) {
            for tap_row in 0..height {
                let valid = self.rows.valid_outputs(tap_row);
                let rows = valid.start.max(start)..valid.end.min(start + chunk);
                for tap_column in 0..width {
                    let columns = self.columns.valid_outputs(tap_column);
                    if rows.is_empty() || columns.is_empty() {
                        continue;
                    }
                    let tile = self.tile(BLOCK.min(self.inputs - first), rows.len(), columns.len());
                    let in_row = self.rows.input(rows.start, tap_row) as usize;
                    let in_column = self.columns.input(columns.start, tap_column) as usize;
                    let element = ((block * self.inputs + first) * height + tap_row) * width + tap_column;
                    tile.run(
                        self.frame.isa(),
                        (x, x_map.index(channel, in_row, in_column) as isize),
                        (dy, dy_map.index(block * BLOCK, rows.start, columns.start) as isize),
                        (self.filters, (element * BLOCK) as isize),
                    );
                }
            }
        }
    }

    /// Lanes of the input are the tile's pixels, and positions of the map are what it sums over.
    fn tile(&self, lanes: usize, rows: usize, columns: usize) -> Tile<'static> {
        let (x, dy) = (&self.step.x, &self.step.dy);
        Tile {
            pixels: lanes,
            blocks: 1,
            start: Start::Sum,
            channels: Channels::ONE,
            rows: Level {
                count: rows,
                x: (self.rows.in_step * x.width * BLOCK) as isize,
                w: (dy.width * BLOCK) as isize,
            },
            columns: Level { count: columns, x: (self.columns.in_step * BLOCK) as isize, w: BLOCK as isize },
            x_pixel: 1,
            w_block: 0,
            y_pixel: self.area() * BLOCK,
            y_block: 0,
        }
    }

    /// Adds one sample to the gradients of some output blocks, eight taps of any layout at a time.
    fn gather(&self, sample: usize, blocks: Range<usize>) {
        let dy_map = &self.step.dy;
        let dy = self.frame.map(sample, dy_map);
        let taps = self.inputs * self.area();
        for row in 0..dy_map.height {
            for column in (0..dy_map.width).step_by(GATHERED) {
                let pixels = GATHERED.min(dy_map.width - column);
                for tap in (0..taps).step_by(BLOCK) {
                    let lanes = BLOCK.min(taps - tap);
                    let mut group = usize::MAX;
                    let mut patch = [0.0; GATHERED * BLOCK];
                    for block in blocks.clone() {
                        if group != block * BLOCK / self.outputs {
                            group = block * BLOCK / self.outputs;
                            self.patch(
                                sample,
                                group,
                                tap..tap + lanes,
                                (row, column..column + pixels),
                                &mut patch,
                            );
                        }
                        let tile = Tile {
                            columns: Level { count: pixels, x: BLOCK as isize, w: BLOCK as isize },
                            rows: Level::ONE,
                            y_pixel: BLOCK,
                            ..self.tile(lanes, 1, pixels)
                        };
                        tile.run(
                            self.frame.isa(),
                            (Span::local(&mut patch), 0),
                            (dy, dy_map.index(block * BLOCK, row, column) as isize),
                            (self.filters, ((block * taps + tap) * BLOCK) as isize),
                        );
                    }
                }
            }
        }
    }

    /// `patch[pixel][lane]` becomes what the pixel sees through the lane's tap; padding is zero.
    fn patch(
        &self,
        sample: usize,
        group: usize,
        taps: Range<usize>,
        pixels: (usize, Range<usize>),
        patch: &mut [f32],
    ) {
        let (map, [_, width]) = (&self.step.x, self.step.window.kernel);
        let x = self.frame.map(sample, map);
        let (row, columns) = pixels;
        for (lane, tap) in taps.enumerate() {
            let channel = group * self.inputs + tap / self.area();
            let in_row = self.rows.input(row, tap % self.area() / width);
            for (pixel, column) in columns.clone().enumerate() {
                let in_column = self.columns.input(column, tap % width);
                let inside = (0..map.height as isize).contains(&in_row)
                    && (0..map.width as isize).contains(&in_column);
                let place = || map.index(channel, in_row as usize, in_column as usize);
                patch[pixel * BLOCK + lane] = if inside { x.get(place()) } else { 0.0 };
            }
        }
    }

    /// One filter element at a time, for groups that share output blocks.
    fn ragged(&self, block: usize) {
        let [height, width] = self.step.window.kernel;
        for inner in 0..self.inputs * self.area() {
            let (input, tap_row, tap_column) =
                (inner / (height * width), inner / width % height, inner % width);
            for lane in 0..BLOCK {
                let output = block * BLOCK + lane;
                let inside = output < self.step.dy.channels;
                let sum = if inside { self.element(output, input, [tap_row, tap_column]) } else { 0.0 };
                self.filters.set((block * self.inputs * self.area() + inner) * BLOCK + lane, sum);
            }
        }
    }

    fn element(&self, output: usize, input: usize, tap: [usize; 2]) -> f32 {
        let channel = output / self.outputs * self.inputs + input;
        let mut sum = 0.0;
        for sample in self.frame.samples.clone() {
            let (x, dy) = (self.frame.map(sample, &self.step.x), self.frame.map(sample, &self.step.dy));
            for row in self.rows.valid_outputs(tap[0]) {
                for column in self.columns.valid_outputs(tap[1]) {
                    let [in_row, in_column] =
                        [self.rows.input(row, tap[0]), self.columns.input(column, tap[1])];
                    let pixel = self.step.x.index(channel, in_row as usize, in_column as usize);
                    sum += x.get(pixel) * dy.get(self.step.dy.index(output, row, column));
                }
            }
        }
        sum
    }

    /// `db[o] = sum over samples, pixels of dy[o][pixel]`, zero past the last output.
    fn bias(&self, block: usize) {
        let Some(bias) = self.step.bias else { return };
        let map = &self.step.dy;
        let area = map.height * map.width;
        let mut sums = [0.0; BLOCK];
        for sample in self.frame.samples.clone() {
            let dy = self.frame.map(sample, map).part(block * area * BLOCK, area * BLOCK);
            let of_sample = self.frame.isa().run(Total(dy));
            (0..BLOCK).for_each(|lane| sums[lane] += of_sample[lane]);
        }
        let lanes = BLOCK.min(map.channels - block * BLOCK);
        sums[lanes..].fill(0.0);
        self.frame.memory.grads.part(bias + block * BLOCK, BLOCK).write(&sums);
    }
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
