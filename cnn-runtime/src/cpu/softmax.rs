//! Softmax over the channels of each position, and its gradient; lanes past the last channel take
//! no part.

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd, math},
};
use crate::plan::{BLOCK, Map, Softmax, SoftmaxGrad};

/// Runs [`Softmax`].
pub(super) fn forward(frame: &Frame, step: &'static Softmax) {
    frame.touch_each(step.y.height, 8 * step.y.len(), &|sample, row| {
        let (x, y) = (frame.map(sample, &step.x), frame.map(sample, &step.y));
        let epilogue = frame.epilogue(step.epilogue, &step.y, sample);
        for column in 0..step.y.width {
            let position = Position::new(&step.y, row, column);
            frame.isa().run(Normalize { position, x, y });
            epilogue.apply(position.start, position.step, position.blocks);
        }
    });
}

/// Runs [`SoftmaxGrad`].
pub(super) fn grad(frame: &Frame, step: &'static SoftmaxGrad) {
    frame.touch_each(step.dx.height, 2 * step.dx.len(), &|sample, row| {
        let [y, dy, dx] = [&step.y, &step.dy, &step.dx].map(|map| frame.map(sample, map));
        let epilogue = frame.epilogue(step.epilogue, &step.dx, sample);
        for column in 0..step.dx.width {
            let position = Position::new(&step.dx, row, column);
            frame.isa().run(Project { position, y, dy, dx });
            epilogue.apply(position.start, position.step, position.blocks);
        }
    });
}

/// The channels of one position of a map.
#[derive(Clone, Copy)]
struct Position {
    start: usize,
    /// Floats between blocks.
    step: usize,
    blocks: usize,
    /// Channels of the last block.
    last: usize,
}

impl Position {
    fn new(map: &Map, row: usize, column: usize) -> Position {
        let blocks = map.channels.div_ceil(BLOCK);
        Position {
            start: map.index(0, row, column),
            step: map.height * map.width * BLOCK,
            blocks,
            last: map.channels - (blocks - 1) * BLOCK,
        }
    }

    /// Where a block lies, and which of its lanes are channels.
    #[inline(always)]
    fn block<S: Simd>(&self, simd: S, block: usize) -> (usize, S::M) {
        let lanes = if block + 1 == self.blocks { self.last } else { BLOCK };
        (self.start + block * self.step, simd.first_lanes(lanes))
    }
}

#[inline(always)]
fn lanes<S: Simd>(simd: S, value: S::V) -> [f32; BLOCK] {
    let mut lanes = [0.0; BLOCK];
    Span::local(&mut lanes).store(simd, 0, value);
    lanes
}

struct Normalize<'a> {
    position: Position,
    x: Span<'a>,
    y: Span<'a>,
}

impl Kernel for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Normalize { position, x, y } = self;
        let mut largest = simd.splat(f32::NEG_INFINITY);
        for block in 0..position.blocks {
            let (at, used) = position.block(simd, block);
            largest = simd.max(simd.select(used, x.load(simd, at), largest), largest);
        }
        let largest = simd.splat(lanes(simd, largest).into_iter().fold(f32::NEG_INFINITY, f32::max));
        let mut sum = simd.splat(0.0);
        for block in 0..position.blocks {
            let (at, used) = position.block(simd, block);
            let power = math::exp(simd, simd.sub(x.load(simd, at), largest));
            y.store(simd, at, power);
            sum = simd.add(sum, simd.select(used, power, simd.splat(0.0)));
        }
        let sum = simd.splat(lanes(simd, sum).into_iter().sum());
        for block in 0..position.blocks {
            let (at, _) = position.block(simd, block);
            y.store(simd, at, simd.div(y.load(simd, at), sum));
        }
    }
}

struct Project<'a> {
    position: Position,
    y: Span<'a>,
    dy: Span<'a>,
    dx: Span<'a>,
}

impl Kernel for Project<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Project { position, y, dy, dx } = self;
        let mut sum = simd.splat(0.0);
        for block in 0..position.blocks {
            let (at, used) = position.block(simd, block);
            let product = simd.mul(y.load(simd, at), dy.load(simd, at));
            sum = simd.add(sum, simd.select(used, product, simd.splat(0.0)));
        }
        let sum = simd.splat(lanes(simd, sum).into_iter().sum());
        for block in 0..position.blocks {
            let (at, _) = position.block(simd, block);
            dx.store(simd, at, simd.mul(y.load(simd, at), simd.sub(dy.load(simd, at), sum)));
        }
    }
}
