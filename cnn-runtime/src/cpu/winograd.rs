//! Convolutions of 3x3 with stride 1 by Winograd's algorithm F(4x4, 3x3):
//! `y = Aᵀ [ (G w Gᵀ) ⊙ (Bᵀ x B) ] A` for tiles of 4x4 outputs, which see 6x6 inputs (Winograd
//! 1980; Lavin and Gray 2016, <https://arxiv.org/abs/1509.09308>).
//!
//! The transforms evaluate polynomials at the 36 pairs of the points 0, ±½√2, ±√2, ∞. There, 16
//! outputs cost 36 multiply-adds instead of 144, and the sum over channels is a matrix product for
//! each pair of points. With these points and sums in runs of 64 channels the error is that of a
//! plain sum: 256 channels give 7e-7 of the norm, a plain sum 6e-7; the usual 0, ±1, ±2, ∞ give
//! 2.6e-6. The order of a sum does not depend on how tiles are grouped.

mod filter_grad;
mod filters;
mod tiles;
mod transform;

use std::{marker::PhantomData, ops::Range};

use super::{epilogue::Epilogue, frame::Frame, memory::Span, simd::product::Product, split};
use crate::plan::{BLOCK, Conv, ConvInputGrad, Elt, Map, TransposeFilters, Winograd};
pub(super) use filter_grad::filter_grad;
use filters::Filters;
use tiles::{FromPoints, Grid, Strip, ToPoints};
use transform::{Input, KERNEL, TILE};

/// Runs [`Conv`].
pub(super) fn forward(frame: &Frame, step: &'static Conv, winograd: Winograd) {
    let params = frame.memory.params;
    let (inputs, outputs) = (step.x.channels, step.y.channels);
    let points = frame.fixed(winograd.filters, Winograd::filters_len(inputs, outputs));
    let task = Task {
        x: &step.x,
        y: &step.y,
        pad: step.window.pad,
        winograd,
        filters: points,
        bias: step.bias.map(|bias| params.from(bias)),
        ops: step.epilogue,
    };
    Filters { inputs, outputs, packed: params.from(step.filter), points }.forward(frame);
    task.run(frame);
}

/// Runs [`TransposeFilters`] for [`input_grad`].
pub(super) fn transpose_filters(frame: &Frame, step: &'static TransposeFilters) {
    let (inputs, outputs) = (step.dx.channels, step.dy.channels);
    let points = frame.fixed(step.filters, Winograd::filters_len(outputs, inputs));
    Filters { inputs, outputs, packed: frame.memory.params.from(step.filter), points }.turned(frame);
}

/// Runs [`ConvInputGrad`] with the filters of [`transpose_filters`].
pub(super) fn input_grad(frame: &Frame, step: &'static ConvInputGrad, winograd: Winograd) {
    let len = Winograd::filters_len(step.dy.channels, step.dx.channels);
    let task = Task {
        x: &step.dy,
        y: &step.dx,
        pad: step.window.pad.map(|pad| KERNEL - 1 - pad),
        winograd,
        filters: frame.fixed(winograd.filters, len),
        bias: None,
        ops: step.epilogue,
    };
    task.run(frame);
}

/// A convolution with filters at the points.
struct Task<'a> {
    x: &'a Map,
    y: &'a Map,
    pad: [usize; 2],
    winograd: Winograd,
    filters: Span<'a>,
    bias: Option<Span<'a>>,
    ops: &'static [Elt],
}

impl Task<'_> {
    /// Threads that carry whole samples have parts of their own, in which they stay for all of
    /// them; a frame that divides its steps has all of the scratch.
    fn run(&self, frame: &Frame) {
        let tiles = Grid::of(self.y).tiles();
        let threads = frame.cpu.threads;
        let each = |frame: &Frame| {
            let parts = if frame.divides { 1 } else { threads };
            let scratch = self.scratch(frame, [parts, rayon::current_thread_index().unwrap_or(0) % parts]);
            for sample in frame.samples.clone() {
                for first in (0..tiles).step_by(scratch.tiles) {
                    let tiles = first..tiles.min(first + scratch.tiles);
                    Group { task: self, frame, sample, tiles, scratch }.run();
                }
            }
        };
        if self.scratch(frame, [threads, 0]).tiles > 0 {
            frame.carry((self.filters.len() * tiles) as u64, &each);
        } else {
            each(frame);
        }
    }

    /// One of so many parts of the scratch.
    fn scratch<'a>(&self, frame: &Frame<'a>, [parts, index]: [usize; 2]) -> Scratch<'a> {
        let (inputs, outputs) = (self.x.channels, self.y.channels);
        let len = Winograd::work_len(inputs, outputs, self.winograd.tiles);
        let part_len = len / parts / BLOCK * BLOCK;
        Scratch {
            points: frame.fixed(self.winograd.work, len).part(index * part_len, part_len),
            tiles: Winograd::tiles_in(part_len, inputs, outputs),
        }
    }
}

/// Where tiles are at the points: those of the input, then those of the output.
#[derive(Clone, Copy)]
struct Scratch<'a> {
    points: Span<'a>,
    tiles: usize,
}

/// As many tiles of a sample as there is scratch for.
struct Group<'a> {
    task: &'a Task<'a>,
    frame: &'a Frame<'a>,
    sample: usize,
    tiles: Range<usize>,
    scratch: Scratch<'a>,
}

/// Fewer tiles are not worth a piece of their own.
const TILES: usize = 12;

impl Group<'_> {
    fn run(&self) {
        let Group { task, frame, tiles, .. } = self;
        let work = (task.filters.len() * tiles.len()) as u64;
        frame.each(task.x.channels.div_ceil(BLOCK), work, &|block| self.inputs(block));
        let few = frame.isa().profile().blocks();
        let units = task.y.channels.div_ceil(few * BLOCK);
        let [by_unit, by_tile] = if frame.is_parallel(work) {
            let by_unit = units.min(2 * frame.cpu.threads);
            // Few channels leave threads for parts of the tiles.
            [by_unit, (2 * frame.cpu.threads / by_unit).min(tiles.len() / TILES).max(1)]
        } else {
            [1, 1]
        };
        frame.each(by_unit * by_tile, work, &|piece| {
            let units = split::part(units, by_unit, piece / by_tile);
            let blocks = few * units.start..task.y.channels.div_ceil(BLOCK).min(few * units.end);
            let part = split::part(tiles.len(), by_tile, piece % by_tile);
            self.multiply(blocks.clone(), &part);
            blocks.for_each(|block| self.outputs(block, &part));
        });
    }

    /// The points of the inputs, and of the outputs.
    fn points(&self) -> [Span<'_>; 2] {
        let [inputs, outputs] =
            [self.task.x, self.task.y].map(|map| Winograd::tiles_len(map.channels, self.scratch.tiles));
        [self.scratch.points.part(0, inputs), self.scratch.points.part(inputs, outputs)]
    }

    /// Floats from one point to the next in either.
    fn distances(&self) -> [usize; 2] {
        let tiles = self.scratch.tiles;
        [self.task.x, self.task.y].map(|map| Winograd::tiles_of_point(map.channels, tiles))
    }

    /// Position of a tile, counted in the group, at the first point of a block.
    fn place(&self, block: usize, tile: usize) -> usize {
        (block * self.scratch.tiles + tile) * BLOCK
    }

    fn inputs(&self, block: usize) {
        let Task { x: map, y, pad, .. } = *self.task;
        let x = self.frame.plane(self.sample, map, block);
        for strip in Grid::of(y).strips(self.tiles.clone()) {
            let points = self.points()[0].from(self.place(block, strip.tiles.start - self.tiles.start));
            let distance = self.distances()[0];
            self.frame.isa().run(ToPoints {
                map,
                x,
                pad,
                strip,
                points,
                distance,
                transform: PhantomData::<Input>,
            });
        }
    }

    /// The sums over channels for some of the output blocks and tiles.
    fn multiply(&self, blocks: Range<usize>, tiles: &Range<usize>) {
        let Task { x, y, filters, .. } = *self.task;
        let (inputs, outputs) = (x.channels, y.channels);
        let product = Product {
            inputs,
            pixels: tiles.len(),
            blocks: blocks.len(),
            x_block: self.scratch.tiles * BLOCK,
            w_block: inputs * BLOCK,
            y_block: self.scratch.tiles * BLOCK,
        };
        let ([from, to], distances) = (self.points(), self.distances());
        for point in 0..Winograd::POINTS {
            let w = point * Winograd::filters_of_point(inputs, outputs) + blocks.start * inputs * BLOCK;
            let x = from.from(point * distances[0] + self.place(0, tiles.start));
            let y = to.from(point * distances[1] + self.place(blocks.start, tiles.start));
            product.run(self.frame.isa(), x, filters.from(w), y);
        }
    }

    fn outputs(&self, block: usize, tiles: &Range<usize>) {
        let Task { y: map, bias, ops, .. } = *self.task;
        let epilogue = self.frame.epilogue(ops, map, self.sample);
        let y = self.frame.plane(self.sample, map, block);
        let bias = bias.map(|bias| bias.part(block * BLOCK, BLOCK));
        let tiles = self.tiles.start + tiles.start..self.tiles.start + tiles.end;
        for strip in Grid::of(map).strips(tiles) {
            let points = self.points()[1].from(self.place(block, strip.tiles.start - self.tiles.start));
            let distance = self.distances()[1];
            self.frame.isa().run(FromPoints { map, y, bias, strip: &strip, points, distance });
            self.finish(&strip, block, &epilogue);
        }
    }

    /// Applies the epilogue to the outputs of tiles.
    fn finish(&self, strip: &Strip, block: usize, epilogue: &Epilogue) {
        let map = self.task.y;
        let columns = map.width.min(strip.column + strip.tiles.len() * TILE) - strip.column;
        for row in strip.row..map.height.min(strip.row + TILE) {
            epilogue.apply(map.index(block * BLOCK, row, strip.column), BLOCK, columns);
        }
    }
}
