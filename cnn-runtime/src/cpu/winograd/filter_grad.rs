//! The gradient of filters by Winograd's algorithm F(3x3, 4x4):
//! `dw = Aᵀ [ sum over tiles of (G dy Gᵀ) ⊙ (Bᵀ x B) ] A`, where a tile of 4x4 gradients is the
//! filter that slides over 6x6 inputs.
//!
//! The points are those of the convolution. Sums run over the tiles of a few samples at a time,
//! samples in order, then further tiles; they stay at the points, `[36][ceil(O/8)][I][8]`, until
//! all tiles are in.

use std::{marker::PhantomData, ops::Range};

use super::{
    tiles::{Grid, ToPoints},
    transform::{Gradient, Input, KERNEL, POINTS, TILE, Taps, Transform, load_square, store_square},
};
use crate::{
    cpu::{
        bias_grad,
        frame::Frame,
        memory::Span,
        simd::{
            Kernel, Simd,
            tile::{Channels, Level, Start, Tile},
        },
        split,
        update::FusedUpdate,
    },
    plan::{BLOCK, ConvFilterGrad, Map, Winograd},
};

/// Tiles of a sample that are taken together; with more room, more samples.
const TILES: usize = 48;
/// Inputs whose filters leave the points together: those of a block of outputs fit the nearest
/// cache.
const INPUTS: usize = 64;

/// Runs [`ConvFilterGrad`].
pub(in crate::cpu) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad, winograd: Winograd) {
    let (inputs, outputs) = (step.x.channels, step.dy.channels);
    let sums = frame.fixed(winograd.filters, Winograd::filters_len(inputs, outputs));
    let tiles = Grid::of(&step.dy).tiles();
    let held = tiles.min(TILES).min(winograd.tiles);
    let slot = Winograd::tiles_len(inputs, held) + Winograd::tiles_len(outputs, held);
    let work = frame.fixed(winograd.work, Winograd::work_len(inputs, outputs, winograd.tiles));
    let together = (work.len() / slot).max(1);
    let task = Task { frame, step, held, slot, work, sums };
    let all = frame.samples.clone();
    for first in all.clone().step_by(together) {
        for tile in (0..tiles).step_by(held) {
            let samples = first..all.end.min(first + together);
            task.round(samples, tile..tiles.min(tile + held), first == all.start && tile == 0);
        }
    }
    let (parts, fused_update) = (inputs.div_ceil(INPUTS), frame.fused_update(step.filter));
    frame.each(outputs.div_ceil(BLOCK) * parts, sums.len() as u64, &|piece| {
        let (block, part) = (piece / parts, piece % parts);
        task.finish(block, split::part(inputs, parts, part), fused_update);
        if part == 0 {
            bias_grad::run(frame, &step.dy, step.bias, block);
        }
    });
}

struct Task<'a> {
    frame: &'a Frame<'a>,
    step: &'static ConvFilterGrad,
    /// Tiles of a sample.
    held: usize,
    /// Floats of these tiles of both maps.
    slot: usize,
    /// Slots of samples, one after the other.
    work: Span<'a>,
    sums: Span<'a>,
}

impl Task<'_> {
    /// Adds some tiles of some samples; the first round overwrites.
    fn round(&self, samples: Range<usize>, tiles: Range<usize>, first: bool) {
        let blocks = [&self.step.x, &self.step.dy].map(|map| map.channels.div_ceil(BLOCK));
        let work = (self.sums.len() * tiles.len() * samples.len()) as u64;
        let all = blocks[0] + blocks[1];
        self.frame.each(samples.len() * all, work, &|at| {
            let (slot, block) = (at / all, at % all);
            let sample = [slot, samples.start + slot];
            match block.checked_sub(blocks[0]) {
                None => self.inputs(sample, &tiles, block),
                Some(block) => self.gradients(sample, &tiles, block),
            }
        });
        let pieces = Winograd::POINTS.min(4 * self.frame.cpu.threads);
        self.frame.each(pieces, work, &|piece| {
            for point in split::part(Winograd::POINTS, pieces, piece) {
                self.sum(point, samples.len(), tiles.len(), first);
            }
        });
    }

    /// Floats of the tiles of the input, behind which those of the gradient lie.
    fn inputs_len(&self) -> usize {
        Winograd::tiles_len(self.step.x.channels, self.held)
    }

    fn inputs(&self, sample: [usize; 2], tiles: &Range<usize>, block: usize) {
        let pad = self.step.window.pad;
        self.to_points::<Input, POINTS>(sample, tiles, (&self.step.x, block), (0, pad));
    }

    fn gradients(&self, sample: [usize; 2], tiles: &Range<usize>, block: usize) {
        let start = self.inputs_len();
        self.to_points::<Gradient, TILE>(sample, tiles, (&self.step.dy, block), (start, [0, 0]));
    }

    /// Some tiles of a block of a sample, in its slot.
    fn to_points<T: Transform<FROM, POINTS>, const FROM: usize>(
        &self,
        [slot, sample]: [usize; 2],
        tiles: &Range<usize>,
        (map, block): (&Map, usize),
        (start, pad): (usize, [usize; 2]),
    ) {
        let held = self.held;
        let x = self.frame.plane(sample, map, block);
        let distance = Winograd::tiles_of_point(map.channels, held);
        let points = self.work.part(slot * self.slot + start, Winograd::tiles_len(map.channels, held));
        for strip in Grid::of(&self.step.dy).strips(tiles.clone()) {
            let points = points.from((block * held + strip.tiles.start - tiles.start) * BLOCK);
            let transform = PhantomData::<T>;
            self.frame.isa().run(ToPoints { map, x, pad, strip, points, distance, transform });
        }
    }

    /// Adds what tiles contribute at one point.
    fn sum(&self, point: usize, samples: usize, tiles: usize, first: bool) {
        let Task { held, slot, work, .. } = *self;
        let (inputs, outputs) = (self.step.x.channels, self.step.dy.channels);
        let x = point * Winograd::tiles_of_point(inputs, held);
        let dy = self.inputs_len() + point * Winograd::tiles_of_point(outputs, held);
        let y = point * Winograd::filters_of_point(inputs, outputs);
        let tile = Tile {
            pixels: 0,
            blocks: 0,
            start: if first { Start::Zero } else { Start::Sum },
            channels: Channels { count: samples, block: slot, w: slot, ..Channels::ONE },
            rows: Level::ONE,
            columns: Level { count: tiles, x: BLOCK as isize, w: BLOCK as isize },
            x_pixel: 1,
            w_block: held * BLOCK,
            y_pixel: BLOCK,
            y_block: inputs * BLOCK,
        };
        let isa = self.frame.isa();
        let (all, few) = (outputs.div_ceil(BLOCK), isa.profile().blocks());
        for block in (0..all).step_by(few) {
            let blocks = few.min(all - block);
            for input in (0..inputs).step_by(BLOCK) {
                let pixels = BLOCK.min(inputs - input);
                let x = x + input * held;
                let dy = dy + block * held * BLOCK;
                let y = y + (block * inputs + input) * BLOCK;
                Tile { pixels, blocks, ..tile }.run(
                    isa,
                    (work, x as isize),
                    (work, dy as isize),
                    (self.sums, y as isize),
                );
            }
        }
    }

    /// Takes the filters of some inputs and a block of outputs from the points.
    fn finish(&self, block: usize, inputs: Range<usize>, fused_update: Option<FusedUpdate>) {
        let Task { frame, step, .. } = *self;
        let len = inputs.len() * KERNEL * KERNEL * BLOCK;
        let start = step.filter + (block * step.x.channels + inputs.start) * KERNEL * KERNEL * BLOCK;
        let gradient = match fused_update {
            Some(_) => frame.cpu.scratch(len),
            None => frame.memory.grads.part(start, len),
        };
        frame.isa().run(Finish { task: self, block, inputs, gradient });
        gradient.clear_padding(self.step.dy.channels, block);
        if let Some(fused_update) = fused_update {
            fused_update.update(frame.isa(), start, gradient);
        }
    }
}

/// See [`Task::finish`].
struct Finish<'a> {
    task: &'a Task<'a>,
    block: usize,
    inputs: Range<usize>,
    gradient: Span<'a>,
}

impl Kernel for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task { step, sums, .. } = *self.task;
        let inputs = step.x.channels;
        let distance = Winograd::filters_of_point(inputs, step.dy.channels);
        for (place, input) in self.inputs.clone().enumerate() {
            let points = load_square(simd, sums.from((self.block * inputs + input) * BLOCK), distance);
            let taps = Taps::square(simd, points);
            store_square(simd, taps, self.gradient.from(place * KERNEL * KERNEL * BLOCK), BLOCK);
        }
    }
}
