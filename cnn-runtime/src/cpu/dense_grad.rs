//! Gradients of dense layers: the register tile with samples or input elements as its pixels.
//!
//! What a sum reads at large strides, weights across outputs or samples across the arena, is packed in the thread's room first.

use std::ops::Range;

use super::{
    bias_grad,
    dense::{pairs, stored, tile, tiles},
    frame::Frame,
    memory::Span,
    simd::{
        Kernel, Simd,
        tile::{Level, PIXELS, Start, Tile},
    },
    split,
};
use crate::plan::{BLOCK, DenseInputGrad, DenseWeightGrad, Layout};

/// Pairs of blocks of input elements whose gradients are computed together: those of a sample are then four cache lines.
const PAIRS: usize = 4;
/// Terms of a sum over outputs or samples in one go: as many as are packed.
const PANEL: usize = 128;
/// Input elements whose weight gradients are computed together, a multiple of the tile.
const STRIP: usize = 8 * PIXELS;
/// Strips of one piece of work.
const STRIPS: usize = 4;

/// Cuts `count` units into pieces of at most `limit`, and of fewer where threads want more pieces.
fn pieces(frame: &Frame, work: u64, count: usize, limit: usize) -> usize {
    let wanted = if frame.is_parallel(work) { 4 * frame.cpu.threads } else { 1 };
    count.div_ceil(limit).max(count.min(wanted))
}

/// See [`DenseInputGrad`]: pixels are samples, channels are outputs, blocks are of input elements.
pub(super) fn input_grad(frame: &Frame, step: &'static DenseInputGrad) {
    let blocks = step.dx.len().div_ceil(BLOCK);
    let work = (frame.samples.len() * step.dx.len() * step.dy.len()) as u64;
    let pairs = blocks.div_ceil(2);
    let pieces = pieces(frame, work, pairs, PAIRS);
    frame.each(pieces, work, &|piece| {
        let pairs = split::part(pairs, pieces, piece);
        input_grad_piece(frame, step, 2 * pairs.start..blocks.min(2 * pairs.end));
    });
}

/// The gradient of some blocks of input elements, at most [`PAIRS`] pairs.
fn input_grad_piece(frame: &Frame, step: &'static DenseInputGrad, all: Range<usize>) {
    let slab = frame.pass.arena.slab;
    let (dy, dx) = (frame.batch_map(&step.dy), frame.batch_map(&step.dx));
    let panel = frame.cpu.room(2 * PAIRS * PANEL * BLOCK);
    for outputs in stored(&step.dy, PANEL) {
        transpose(frame, step, all.clone(), outputs.clone(), panel);
        for group in tiles(frame.samples.len()) {
            for (first, blocks) in pairs(all.clone()) {
                let tile = Tile {
                    start: if outputs.start == 0 { Start::Zero } else { Start::Sum },
                    x_pixel: slab,
                    w_block: PANEL * BLOCK,
                    y_pixel: slab,
                    y_block: BLOCK,
                    ..tile(group.len(), blocks, Level { count: outputs.len(), x: 1, w: BLOCK as isize })
                };
                tile.run(
                    frame.isa(),
                    (dy, (group.start * slab + outputs.start) as isize),
                    (panel, ((first - all.start) * PANEL * BLOCK) as isize),
                    (dx, (group.start * slab + first * BLOCK) as isize),
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

/// See [`DenseWeightGrad`]: pixels are input elements, terms are samples.
pub(super) fn weight_grad(frame: &Frame, step: &'static DenseWeightGrad) {
    let work = (frame.samples.len() * step.x.len() * step.dy.len()) as u64;
    let strips = step.x.len().div_ceil(STRIP);
    let pieces = pieces(frame, work, strips, STRIPS);
    frame.each(pieces, work, &|piece| {
        let strips = split::part(strips, pieces, piece);
        weight_grad_piece(frame, step, strips.start * STRIP..step.x.len().min(strips.end * STRIP));
    });
    for block in 0..step.dy.channels.div_ceil(BLOCK) {
        bias_grad::run(frame, &step.dy, step.bias, block);
    }
}

/// The gradient of all weights of some input elements, at most [`STRIPS`] strips. Samples lie far apart in the arena, so
/// operands are packed.
fn weight_grad_piece(frame: &Frame, step: &'static DenseWeightGrad, elements: Range<usize>) {
    let slab = frame.pass.arena.slab;
    let blocks = step.dy.channels.div_ceil(BLOCK);
    let (x, dy) = (frame.batch_map(&step.x).from(elements.start), frame.batch_map(&step.dy));
    let weights = frame.memory.grads.part(step.weight, step.dy.len() * step.x.len());
    let room = frame.cpu.room(PANEL * (STRIPS * STRIP + 2 * BLOCK));
    let (dy_panel, x_panel) = (room.part(0, PANEL * 2 * BLOCK), room.from(PANEL * 2 * BLOCK));
    for first_sample in frame.samples.clone().step_by(PANEL) {
        let samples = first_sample..frame.samples.end.min(first_sample + PANEL);
        for (row, sample) in samples.clone().enumerate() {
            x_panel.part(row * elements.len(), elements.len()).copy_from(x.from(sample * slab));
        }
        for (first, blocks) in pairs(0..blocks) {
            for (row, sample) in samples.clone().enumerate() {
                let dy = dy.from(sample * slab + first * BLOCK);
                dy_panel.part(row * 2 * BLOCK, blocks * BLOCK).copy_from(dy);
            }
            for group in tiles(elements.len()) {
                let terms = Level { count: samples.len(), x: elements.len() as isize, w: 2 * BLOCK as isize };
                let tile = Tile {
                    start: if first_sample == frame.samples.start { Start::Zero } else { Start::Sum },
                    x_pixel: 1,
                    w_block: BLOCK,
                    y_pixel: BLOCK,
                    y_block: step.x.len() * BLOCK,
                    ..tile(group.len(), blocks, terms)
                };
                let place = (first * step.x.len() + elements.start + group.start) * BLOCK;
                let x = (x_panel, group.start as isize);
                tile.run(frame.isa(), x, (dy_panel, 0), (weights, place as isize));
            }
        }
    }
    for block in 0..blocks {
        let gradient = weights.part((block * step.x.len() + elements.start) * BLOCK, elements.len() * BLOCK);
        clear_padding(step, block, elements.start, gradient);
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
