//! The gradient of filters by Winograd's algorithm F(3x3, 4x4): `dw = Aᵀ [ sum over tiles of (G dy Gᵀ) ⊙ (Bᵀ x B) ] A`, where a tile of
//! 4x4 gradients is the filter that slides over 6x6 inputs.
//!
//! The points are those of the convolution. Sums run over the tiles of a few samples at a time, samples in order, then further
//! tiles; they stay at the points, `[36][ceil(O/8)][I][8]`, until all tiles are in.

use std::{marker::PhantomData, ops::Range};

use super::{
    tiles::{Grid, ToPoints},
    transform::{Gradient, Input, KERNEL, POINTS, TILE, Taps, Transform},
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
    },
    plan::{BLOCK, ConvFilterGrad, Map, Winograd},
};

/// Terms of a sum in registers: samples are taken together up to that many tiles.
const TERMS: usize = 256;

/// See [`ConvFilterGrad`].
pub(in crate::cpu) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad, winograd: Winograd) {
    let (inputs, outputs) = (step.x.channels, step.dy.channels);
    let sums = frame.fixed(winograd.filters, Winograd::filters_len(inputs, outputs));
    let task = Task { frame, step, winograd, sums };
    let tiles = Grid::of(&step.dy).tiles();
    let together = (TERMS / winograd.tiles).max(1);
    let all = frame.samples.clone();
    for first in all.clone().step_by(together) {
        for tile in (0..tiles).step_by(winograd.tiles) {
            let samples = first..all.end.min(first + together);
            task.round(samples, tile..tiles.min(tile + winograd.tiles), first == all.start && tile == 0);
        }
    }
    frame.each(outputs.div_ceil(BLOCK), sums.len() as u64, &|block| {
        frame.isa().run(Finish { task: &task, block });
        task.clear_padding(block);
        bias_grad::run(frame, &step.dy, step.bias, block);
    });
}

struct Task<'a> {
    frame: &'a Frame<'a>,
    step: &'static ConvFilterGrad,
    winograd: Winograd,
    sums: Span<'a>,
}

impl Task<'_> {
    /// Adds some tiles of some samples; the first round overwrites.
    fn round(&self, samples: Range<usize>, tiles: Range<usize>, first: bool) {
        let blocks = [&self.step.x, &self.step.dy].map(|map| map.channels.div_ceil(BLOCK));
        let work = (self.sums.len() * tiles.len() * samples.len()) as u64;
        let all = blocks[0] + blocks[1];
        self.frame.each(samples.len() * all, work, &|at| {
            let (sample, block) = (samples.start + at / all, at % all);
            match block.checked_sub(blocks[0]) {
                None => self.inputs(sample, &tiles, block),
                Some(block) => self.gradients(sample, &tiles, block),
            }
        });
        let pieces = Winograd::POINTS.min(4 * self.frame.cpu.threads);
        self.frame.each(pieces, work, &|piece| {
            for point in split::part(Winograd::POINTS, pieces, piece) {
                self.sum(point, &samples, tiles.len(), first);
            }
        });
    }

    /// Floats of the tiles of the input, behind which those of the gradient lie.
    fn inputs_len(&self) -> usize {
        Winograd::tiles_len(self.step.x.channels, self.winograd.tiles)
    }

    fn inputs(&self, sample: usize, tiles: &Range<usize>, block: usize) {
        let pad = self.step.window.pad;
        self.to_points::<Input, POINTS>(sample, tiles, (&self.step.x, block), (0, pad));
    }

    fn gradients(&self, sample: usize, tiles: &Range<usize>, block: usize) {
        let start = self.inputs_len();
        self.to_points::<Gradient, TILE>(sample, tiles, (&self.step.dy, block), (start, [0, 0]));
    }

    fn to_points<T: Transform<FROM, POINTS>, const FROM: usize>(
        &self,
        sample: usize,
        tiles: &Range<usize>,
        (map, block): (&Map, usize),
        (start, pad): (usize, [usize; 2]),
    ) {
        let Winograd { work, tiles: room, .. } = self.winograd;
        let x = self.frame.plane(sample, map, block);
        let distance = Winograd::tiles_of_point(map.channels, room);
        let points = self.frame.slab(sample).part(work + start, Winograd::tiles_len(map.channels, room));
        for strip in Grid::of(&self.step.dy).strips(tiles.clone()) {
            let points = points.from((block * room + strip.tiles.start - tiles.start) * BLOCK);
            let transform = PhantomData::<T>;
            self.frame.isa().run(ToPoints { map, x, pad, strip, points, distance, transform });
        }
    }

    /// Adds what tiles contribute at one point.
    fn sum(&self, point: usize, samples: &Range<usize>, tiles: usize, first: bool) {
        let Winograd { work, tiles: room, .. } = self.winograd;
        let (inputs, outputs) = (self.step.x.channels, self.step.dy.channels);
        let slab = self.frame.pass.arena.slab;
        let start = samples.start * slab + work;
        let x = start + point * Winograd::tiles_of_point(inputs, room);
        let dy = start + self.inputs_len() + point * Winograd::tiles_of_point(outputs, room);
        let y = point * Winograd::filters_of_point(inputs, outputs);
        let tile = Tile {
            pixels: 0,
            blocks: 0,
            start: if first { Start::Zero } else { Start::Sum },
            channels: Channels { count: samples.len(), block: slab, w: slab, ..Channels::ONE },
            rows: Level::ONE,
            columns: Level { count: tiles, x: BLOCK as isize, w: BLOCK as isize },
            x_pixel: 1,
            w_block: room * BLOCK,
            y_pixel: BLOCK,
            y_block: inputs * BLOCK,
        };
        let (arena, isa) = (self.frame.memory.arena, self.frame.isa());
        for block in (0..outputs.div_ceil(BLOCK)).step_by(2) {
            let blocks = 2.min(outputs.div_ceil(BLOCK) - block);
            let limit = BLOCK / blocks;
            for input in (0..inputs).step_by(limit) {
                let pixels = limit.min(inputs - input);
                let x = x + input / BLOCK * room * BLOCK + input % BLOCK;
                let dy = dy + block * room * BLOCK;
                let y = y + (block * inputs + input) * BLOCK;
                Tile { pixels, blocks, ..tile }.run(
                    isa,
                    (arena, x as isize),
                    (arena, dy as isize),
                    (self.sums, y as isize),
                );
            }
        }
    }

    /// The lanes past the last output took what the padding lanes of `dy` hold.
    fn clear_padding(&self, block: usize) {
        let lanes = BLOCK.min(self.step.dy.channels - block * BLOCK);
        let gradient = self.gradient(block);
        for vector in (0..gradient.len()).step_by(BLOCK) {
            gradient.part(vector + lanes, BLOCK - lanes).fill(0.0);
        }
    }

    /// The filter gradient of a block of outputs.
    fn gradient(&self, block: usize) -> Span<'_> {
        let len = self.step.x.channels * KERNEL * KERNEL * BLOCK;
        self.frame.memory.grads.part(self.step.filter + block * len, len)
    }
}

/// Takes the sums of a block of outputs from the points.
struct Finish<'a> {
    task: &'a Task<'a>,
    block: usize,
}

impl Kernel for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task { step, sums, .. } = *self.task;
        let inputs = step.x.channels;
        let distance = Winograd::filters_of_point(inputs, step.dy.channels);
        let gradient = self.task.gradient(self.block);
        for input in 0..inputs {
            let mut points = [[simd.splat(0.0); POINTS]; POINTS];
            for (point, value) in points.as_flattened_mut().iter_mut().enumerate() {
                *value = sums.load(simd, point * distance + (self.block * inputs + input) * BLOCK);
            }
            let taps = Taps::square(simd, points);
            for (tap, value) in taps.as_flattened().iter().enumerate() {
                gradient.store(simd, (input * KERNEL * KERNEL + tap) * BLOCK, *value);
            }
        }
    }
}
