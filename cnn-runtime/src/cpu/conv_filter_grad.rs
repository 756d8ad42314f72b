//! Gradients of a convolution's filters and bias.
//!
//! `dw[o][i][tap] = sum over samples, pixels of dy[o][pixel] * x[i][pixel at tap]`. The sums of a
//! few filter elements stay in registers while they run over a chunk of rows; chunks and samples
//! follow in order, so the order of a sum depends on shapes only.

use std::ops::Range;

use super::{
    axis::Axis,
    batch_sum, bias_grad, conv_depthwise, conv_planar_grad, conv_ragged,
    correlation::are_depthwise,
    frame::Frame,
    memory::Span,
    simd::tile::{Channels, Level, Start, Tile},
    split, winograd,
};
use crate::plan::{BLOCK, ConvFilterGrad, Layout, Map};

/// Pixels, of one or several samples, that sums in registers run over before they return to memory:
/// what fits the nearest cache.
const PIXELS: usize = 256;

/// Where terms that lie side by side are found in the input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The eight channels of a block, at one tap. A unit holds a block of input channels.
    Channels,
    /// Nowhere: taps are gathered, see [`super::conv_gathered_grad`]. A unit holds all input
    /// channels.
    Gathered,
}

/// A turn, in which a few output blocks are computed, and a part of what they see.
pub(super) type Unit = [usize; 2];

/// Some turns, each with some of the parts.
#[derive(Clone)]
struct Units {
    turns: Range<usize>,
    parts: Range<usize>,
}

impl Units {
    /// Turn after turn, so that gradients of its outputs stay in the nearest cache.
    fn iter(&self) -> impl Iterator<Item = Unit> {
        let parts = self.parts.clone();
        self.turns.clone().flat_map(move |turn| parts.clone().map(move |part| [turn, part]))
    }
}

/// Pairs of blocks that are worth dividing among threads; fewer of small gradients divide the
/// batch.
const MANY: usize = 8;

/// The step, and how it is cut.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) step: &'static ConvFilterGrad,
    /// Input and output channels of a group.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) rows: Axis,
    pub(super) columns: Axis,
    pub(super) filters: Span<'a>,
    /// Output blocks of a unit.
    width: usize,
    order: Order,
}

/// Runs [`ConvFilterGrad`].
pub(super) fn run(frame: &Frame, step: &'static ConvFilterGrad) {
    if let Some(room) = step.winograd {
        return winograd::filter_grad(frame, step, room);
    }
    if conv_planar_grad::run(frame, step) {
        return;
    }
    let (inputs, outputs) = (step.x.channels / step.groups, step.dy.channels / step.groups);
    let rows = Axis::forward(&step.window, 0, step.x.height, step.dy.height);
    let columns = Axis::forward(&step.window, 1, step.x.width, step.dy.width);
    let area = step.window.kernel[0] * step.window.kernel[1];
    let blocks = step.dy.channels.div_ceil(BLOCK);
    let filters = frame.memory.grads.part(step.filter, blocks * BLOCK * inputs * area);
    let work = (frame.pass.batch * step.dy.len() * inputs * area) as u64;
    let is_depthwise = inputs == 1 && outputs == 1 && are_depthwise(&step.x, &step.dy);
    if is_depthwise || (step.groups > 1 && !outputs.is_multiple_of(BLOCK)) {
        frame.each(blocks, work, &|block| {
            let axes = (&rows, &columns);
            if is_depthwise {
                conv_depthwise::filter_grad(frame, step, axes, filters, block);
            } else {
                conv_ragged::filter_grad(frame, step, axes, filters, block);
            }
            bias_grad::run(frame, &step.dy, step.bias, block);
        });
        return;
    }
    let is_aligned = step.groups == 1 || inputs.is_multiple_of(BLOCK);
    let (order, parts) = if step.x.layout == Layout::Blocked && is_aligned {
        (Order::Channels, inputs.div_ceil(BLOCK))
    } else {
        (Order::Gathered, 1)
    };
    let fits = |width: &usize| step.groups == 1 || outputs.is_multiple_of(width * BLOCK);
    let width = [frame.isa().profile().blocks(), 2].into_iter().find(fits).unwrap_or(1);
    let task = Task { frame, step, inputs, outputs, rows, columns, filters, width, order };
    let all = Units { turns: 0..blocks.div_ceil(width), parts: 0..parts };
    // Counted in pairs of blocks, whatever a unit is: the order of sums must not depend on the
    // instruction set.
    if blocks.div_ceil(2) * parts < MANY && filters.len() <= batch_sum::SMALL {
        batch_sum::run(frame, work / frame.pass.batch as u64, filters, &|frame, filters| {
            Task { frame, filters, ..task }.add(&all);
        });
        frame.each(all.turns.len(), work, &|turn| {
            task.finish(&Units { turns: turn..turn + 1, ..all.clone() });
        });
        return;
    }
    // Each piece reads the whole of a map unless that is cut, so the larger one is, if it gives
    // work to all threads.
    let threads = frame.cpu.threads;
    let by_parts = step.x.len() > step.dy.len() && parts >= threads || all.turns.len() < threads.min(parts);
    let count = if by_parts { parts } else { all.turns.len() };
    let pieces = if frame.is_parallel(work) { count.min(4 * threads) } else { 1 };
    frame.each(pieces, work, &|piece| {
        let some = split::part(count, pieces, piece);
        let units = if by_parts {
            Units { parts: some, ..all.clone() }
        } else {
            Units { turns: some, ..all.clone() }
        };
        units.iter().for_each(|unit| task.gradients(unit).for_each(|(_, gradient)| gradient.fill(0.0)));
        task.add(&units);
        task.finish(&units);
    });
}

/// Some rows of the outputs of some samples.
pub(super) struct Part {
    pub(super) samples: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl Task<'_> {
    pub(super) fn area(&self) -> usize {
        self.step.window.kernel[0] * self.step.window.kernel[1]
    }

    /// Output blocks of a unit.
    pub(super) fn blocks(&self, [turn, _]: Unit) -> Range<usize> {
        let first = turn * self.width;
        first..self.step.dy.channels.div_ceil(BLOCK).min(first + self.width)
    }

    /// What a unit holds of the `[I/groups][KH][KW]` filter elements of an output.
    pub(super) fn elements(&self, [_, part]: Unit) -> Range<usize> {
        let all = self.inputs * self.area();
        let len = match self.order {
            Order::Channels => BLOCK * self.area(),
            Order::Gathered => all,
        };
        let first = part * len;
        first..all.min(first + len)
    }

    /// Adds the part of the frame's samples to some units.
    fn add(&self, units: &Units) {
        let Map { height, width, .. } = self.step.dy;
        let (rows, together) = ((PIXELS / width).max(1), (PIXELS / (height * width)).max(1));
        let all = &self.frame.samples;
        for first in all.clone().step_by(together) {
            for row in (0..height).step_by(rows) {
                let samples = first..all.end.min(first + together);
                let part = Part { samples, rows: row..height.min(row + rows) };
                for unit in units.iter() {
                    match self.order {
                        Order::Channels => self.add_channels(&part, unit),
                        Order::Gathered => self.add_gathered(&part, unit),
                    }
                }
            }
        }
    }

    /// What remains to be done for some units when all samples are added.
    fn finish(&self, units: &Units) {
        for unit in units.iter() {
            // The lanes past the last output took what the padding lanes of `dy` hold.
            let channels = self.step.dy.channels;
            self.gradients(unit).for_each(|(block, gradient)| gradient.clear_padding(channels, block));
            if unit[1] == 0 {
                let step = self.step;
                self.blocks(unit).for_each(|block| bias_grad::run(self.frame, &step.dy, step.bias, block));
            }
        }
    }

    /// A unit's part of the gradient, by output block.
    fn gradients(&self, unit: Unit) -> impl Iterator<Item = (usize, Span<'_>)> {
        let elements = self.elements(unit);
        self.blocks(unit).map(move |block| {
            let start = block * self.inputs * self.area() + elements.start;
            (block, self.filters.part(start * BLOCK, elements.len() * BLOCK))
        })
    }

    /// Adds a part to a unit.
    fn add_channels(&self, part: &Part, unit: Unit) {
        let [height, width] = self.step.window.kernel;
        for tap_row in 0..height {
            let valid = self.rows.valid_outputs(tap_row);
            let rows = valid.start.max(part.rows.start)..valid.end.min(part.rows.end);
            for tap_column in 0..width {
                let columns = self.columns.valid_outputs(tap_column);
                if !rows.is_empty() && !columns.is_empty() {
                    self.add_tap(&part.samples, unit, [tap_row, tap_column], [rows.clone(), columns]);
                }
            }
        }
    }

    /// Adds the products of one tap over a rectangle of outputs.
    fn add_tap(
        &self,
        samples: &Range<usize>,
        unit: Unit,
        tap: [usize; 2],
        [rows, columns]: [Range<usize>; 2],
    ) {
        let (x_map, dy_map) = (&self.step.x, &self.step.dy);
        let [x, dy] = self.operands(samples);
        let (blocks, elements) = (self.blocks(unit), self.elements(unit));
        let channels = elements.start / self.area()..elements.end / self.area();
        let group = blocks.start * BLOCK / self.outputs;
        let place = [self.rows.input(rows.start, tap[0]), self.columns.input(columns.start, tap[1])];
        let x_start = x_map.index(group * self.inputs + channels.start, place[0] as usize, place[1] as usize);
        let dy_start = dy_map.index(blocks.start * BLOCK, rows.start, columns.start);
        let tap = tap[0] * self.step.window.kernel[1] + tap[1];
        let element = (blocks.start * self.inputs + channels.start) * self.area() + tap;
        let terms = [
            Level {
                count: rows.len(),
                x: (self.rows.in_step * x_map.width * BLOCK) as isize,
                w: (dy_map.width * BLOCK) as isize,
            },
            Level { count: columns.len(), x: (self.columns.in_step * BLOCK) as isize, w: BLOCK as isize },
        ];
        self.tile(blocks.len(), channels.len(), (samples.len(), terms), self.area() * BLOCK).run(
            self.frame.isa(),
            (x, x_start as isize),
            (dy, dy_start as isize),
            (self.filters, (element * BLOCK) as isize),
        );
    }

    /// Input and gradient of the output, from the first of some samples on.
    pub(super) fn operands(&self, samples: &Range<usize>) -> [Span<'_>; 2] {
        let start = samples.start * self.frame.pass.arena.slab;
        [&self.step.x, &self.step.dy].map(|map| self.frame.batch_map(map).from(start))
    }

    /// Lanes of the input are the tile's pixels; samples and positions of the map are what it sums
    /// over.
    pub(super) fn tile(
        &self,
        blocks: usize,
        lanes: usize,
        (samples, [rows, columns]): (usize, [Level; 2]),
        y_pixel: usize,
    ) -> Tile<'static> {
        let slab = self.frame.pass.arena.slab;
        Tile {
            pixels: lanes,
            blocks,
            start: Start::Sum,
            channels: Channels { count: samples, block: slab, w: slab, ..Channels::ONE },
            rows,
            columns,
            x_pixel: 1,
            w_block: self.step.dy.height * self.step.dy.width * BLOCK,
            y_pixel,
            y_block: self.inputs * self.area() * BLOCK,
        }
    }
}
