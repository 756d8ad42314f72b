//! Gradients of dense layers: the register tile with samples or input elements as its pixels.
//!
//! What a sum reads at large strides, weights across outputs or samples across the arena, is packed
//! in the thread's scratch first.

use std::ops::Range;

use super::{
    bias_grad,
    dense::{stored, tile},
    frame::Frame,
    memory::Span,
    simd::{
        Kernel, PIXELS, Simd,
        tile::{Level, Start, Tile},
    },
    split,
    update::FusedUpdate,
};
use crate::plan::{BLOCK, DenseInputGrad, DenseWeightGrad, Layout};

/// Blocks of input elements whose gradients are computed together: those of a sample are then four
/// cache lines.
const BLOCKS: usize = 8;
/// Terms of a sum over outputs or samples in one go: as many as are packed.
const PANEL: usize = 128;
/// Input elements whose weight gradients are computed together, a multiple of the tile.
const STRIP: usize = 4 * PIXELS;
/// Strips of one piece of work.
const STRIPS: usize = 4;

/// Cuts `count` units into pieces of at most `limit`, and of fewer where threads want more pieces.
fn pieces(frame: &Frame, work: u64, count: usize, limit: usize) -> usize {
    let wanted = if frame.is_parallel(work) { 4 * frame.cpu.threads } else { 1 };
    count.div_ceil(limit).max(count.min(wanted))
}

/// Runs [`DenseInputGrad`]: pixels are samples, channels are outputs, blocks are of input elements.
pub(super) fn input_grad(frame: &Frame, step: &'static DenseInputGrad) {
    let blocks = step.dx.len().div_ceil(BLOCK);
    let work = (frame.samples.len() * step.dx.len() * step.dy.len()) as u64;
    let few = frame.isa().profile().blocks();
    let units = blocks.div_ceil(few);
    let pieces = pieces(frame, work, units, BLOCKS / few);
    frame.each(pieces, work, &|piece| {
        let units = split::part(units, pieces, piece);
        input_grad_piece(frame, step, few * units.start..blocks.min(few * units.end));
    });
}

/// The gradient of some blocks of input elements, at most [`BLOCKS`].
fn input_grad_piece(frame: &Frame, step: &'static DenseInputGrad, all: Range<usize>) {
    let slab = frame.pass.arena.slab;
    let (dy, dx) = (frame.batch_map(&step.dy), frame.batch_map(&step.dx));
    let panel = frame.cpu.scratch(BLOCKS * PANEL * BLOCK);
    let few = frame.isa().profile().blocks();
    let (samples, limit) = (frame.samples.len(), frame.isa().profile().pixels(few));
    for outputs in stored(&step.dy, PANEL) {
        transpose(frame, step, all.clone(), outputs.clone(), panel);
        for sample in (0..samples).step_by(limit) {
            for first in all.clone().step_by(few) {
                let (pixels, blocks) = (limit.min(samples - sample), few.min(all.end - first));
                let tile = Tile {
                    start: if outputs.start == 0 { Start::Zero } else { Start::Sum },
                    x_pixel: slab,
                    w_block: PANEL * BLOCK,
                    y_pixel: slab,
                    y_block: BLOCK,
                    ..tile(pixels, blocks, Level { count: outputs.len(), x: 1, w: BLOCK as isize })
                };
                tile.run(
                    frame.isa(),
                    (dy, (sample * slab + outputs.start) as isize),
                    (panel, ((first - all.start) * PANEL * BLOCK) as isize),
                    (dx, (sample * slab + first * BLOCK) as isize),
                );
            }
        }
    }
    for sample in frame.samples.clone() {
        frame.epilogue(step.epilogue, &step.dx, sample).apply(all.start * BLOCK, BLOCK, all.len());
    }
}

/// `panel[block][output][lane]` becomes the weight of the output for the block's input element.
fn transpose(frame: &Frame, step: &DenseInputGrad, blocks: Range<usize>, outputs: Range<usize>, panel: Span) {
    let len = step.dx.len();
    let weights = frame.memory.params.part(step.weight, step.dy.len() * len);
    for start in outputs.clone().step_by(BLOCK) {
        for block in blocks.clone() {
            let from = weights.from((start / BLOCK * len + block * BLOCK) * BLOCK);
            let to = panel.from(((block - blocks.start) * PANEL + start - outputs.start) * BLOCK);
            frame.isa().run(Square { from, to, rows: BLOCK.min(outputs.end - start) });
        }
    }
}

/// Eight vectors, some rows of whose transpose are wanted.
struct Square<'a> {
    from: Span<'a>,
    to: Span<'a>,
    rows: usize,
}

impl Kernel for Square<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut square = [simd.splat(0.0); BLOCK];
        for (row, value) in square.iter_mut().enumerate() {
            *value = self.from.load(simd, row * BLOCK);
        }
        for (row, value) in simd.transpose(square)[..self.rows].iter().enumerate() {
            self.to.store(simd, row * BLOCK, *value);
        }
    }
}

/// Runs [`DenseWeightGrad`]: pixels are input elements, terms are samples.
pub(super) fn weight_grad(frame: &Frame, step: &'static DenseWeightGrad) {
    let work = (frame.samples.len() * step.x.len() * step.dy.len()) as u64;
    let strips = step.x.len().div_ceil(STRIP);
    let pieces = pieces(frame, work, strips, STRIPS);
    let fused_update = frame.fused_update(step.weight);
    frame.each(pieces, work, &|piece| {
        let strips = split::part(strips, pieces, piece);
        let elements = strips.start * STRIP..step.x.len().min(strips.end * STRIP);
        WeightGrad { frame, step, fused_update, elements }.run();
    });
    for block in 0..step.dy.channels.div_ceil(BLOCK) {
        bias_grad::run(frame, &step.dy, step.bias, block);
    }
}

/// The gradient of all weights of some input elements, at most [`STRIPS`] strips.
struct WeightGrad<'a> {
    frame: &'a Frame<'a>,
    step: &'static DenseWeightGrad,
    fused_update: Option<FusedUpdate<'a>>,
    elements: Range<usize>,
}

/// Where the gradients of one or two blocks of outputs are summed up.
#[derive(Clone, Copy)]
struct Sums<'a> {
    start: Span<'a>,
    /// Floats from one block to the next.
    block: usize,
}

impl WeightGrad<'_> {
    /// Samples lie far apart in the arena, so operands are packed.
    fn run(&self) {
        let slab = self.frame.pass.arena.slab;
        let x = self.frame.batch_map(&self.step.x).from(self.elements.start);
        let dy = self.frame.batch_map(&self.step.dy);
        let all = self.elements.len();
        let scratch = self.frame.cpu.scratch((PANEL + 2 * BLOCK) * all + PANEL * 2 * BLOCK);
        let (x_panel, dy_panel) =
            (scratch.part(0, PANEL * all), scratch.part(PANEL * all, PANEL * 2 * BLOCK));
        let sums = scratch.from(PANEL * (all + 2 * BLOCK));
        for first_sample in self.frame.samples.clone().step_by(PANEL) {
            let samples = first_sample..self.frame.samples.end.min(first_sample + PANEL);
            for (row, sample) in samples.clone().enumerate() {
                x_panel.part(row * all, all).copy_from(x.from(sample * slab));
            }
            let outputs = self.step.dy.channels.div_ceil(BLOCK);
            for first in (0..outputs).step_by(2) {
                let blocks = first..outputs.min(first + 2);
                for (row, sample) in samples.clone().enumerate() {
                    let dy = dy.from(sample * slab + first * BLOCK);
                    dy_panel.part(row * 2 * BLOCK, blocks.len() * BLOCK).copy_from(dy);
                }
                let sums = self.sums(&blocks, sums);
                self.add(&samples, &blocks, [x_panel, dy_panel], sums);
                if samples.end == self.frame.samples.end {
                    self.finish(&blocks, sums);
                }
            }
        }
    }

    /// Samples of one panel need no place among the gradients for their sums, if these are used at
    /// once.
    fn sums<'a>(&'a self, blocks: &Range<usize>, scratch: Span<'a>) -> Sums<'a> {
        if self.fused_update.is_some() && self.frame.samples.len() <= PANEL {
            return Sums { start: scratch, block: self.elements.len() * BLOCK };
        }
        let start = self.frame.memory.grads.from(self.place(blocks.start));
        Sums { start, block: self.step.x.len() * BLOCK }
    }

    /// Where the weights of a block of outputs begin among the parameters.
    fn place(&self, block: usize) -> usize {
        self.step.weight + (block * self.step.x.len() + self.elements.start) * BLOCK
    }

    /// Adds what a panel of samples contributes; the first overwrites.
    fn add(&self, samples: &Range<usize>, blocks: &Range<usize>, [x, dy]: [Span; 2], sums: Sums) {
        let (all, first) = (self.elements.len(), samples.start == self.frame.samples.start);
        let terms = Level { count: samples.len(), x: all as isize, w: 2 * BLOCK as isize };
        let tile = Tile {
            start: if first { Start::Zero } else { Start::Sum },
            x_pixel: 1,
            w_block: BLOCK,
            y_pixel: BLOCK,
            y_block: sums.block,
            ..tile(all, blocks.len(), terms)
        };
        tile.run(self.frame.isa(), (x, 0), (dy, 0), (sums.start, 0));
    }

    /// What remains to be done when all samples are added.
    fn finish(&self, blocks: &Range<usize>, sums: Sums) {
        for block in blocks.clone() {
            let len = self.elements.len() * BLOCK;
            let gradient = sums.start.part((block - blocks.start) * sums.block, len);
            clear_padding(self.step, block, self.elements.start, gradient);
            if let Some(fused_update) = self.fused_update {
                fused_update.update(self.frame.isa(), self.place(block), gradient);
            }
        }
    }
}

/// Zeroes what padding lanes of `x` and `dy` left in the gradient of some elements of a block.
fn clear_padding(step: &DenseWeightGrad, block: usize, element: usize, gradient: Span) {
    let lanes = BLOCK.min(step.dy.channels - block * BLOCK);
    let (whole, partial) = match step.x.layout {
        Layout::Planar => (step.x.len(), BLOCK),
        Layout::Blocked => {
            (step.x.channels / BLOCK * BLOCK * step.x.height * step.x.width, step.x.channels % BLOCK)
        }
    };
    if lanes == BLOCK && whole == step.x.len() {
        return;
    }
    for at in 0..gradient.len() / BLOCK {
        let is_padding = element + at >= whole && (element + at) % BLOCK >= partial;
        let kept = if is_padding { 0 } else { lanes };
        (kept..BLOCK).for_each(|lane| gradient.set(at * BLOCK + lane, 0.0));
    }
}
