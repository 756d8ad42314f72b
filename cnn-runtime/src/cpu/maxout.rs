//! Maxout: the maximum over groups of adjacent channels, and its gradient.
//!
//! As in pooling, the first of equal channels is the maximum, and NaN beats any number. A group's
//! channels lie in lanes and blocks of their own, so they are gathered.

use super::{
    frame::Frame,
    memory::{Places, Span},
    simd::{Kernel, Simd, beats},
};
use crate::plan::{BLOCK, Map, Maxout, MaxoutGrad};

/// Runs [`Maxout`].
pub(super) fn forward(frame: &Frame, step: &'static Maxout) {
    frame.touch_each(step.y.channels.div_ceil(BLOCK), step.x.len(), &|sample, block| {
        let (x, y) = (frame.map(sample, &step.x), frame.plane(sample, &step.y, block));
        frame.isa().run(Maximum { map: &step.x, x, y, pieces: step.pieces, block });
        let count = y.len() / BLOCK;
        frame.epilogue(step.epilogue, &step.y, sample).apply(block * y.len(), BLOCK, count);
    });
}

/// Where the channels of a blocked map lie, relative to a pixel; those past its last stand in for
/// no one, at the first.
#[inline(always)]
fn places(map: &Map, channel: impl Fn(usize) -> usize) -> Places {
    let place = |channel| if channel < map.channels { map.index(channel, 0, 0) } else { 0 };
    Places::new(std::array::from_fn(|lane| place(channel(lane))))
}

/// Eight outputs of all pixels.
struct Maximum<'a> {
    map: &'a Map,
    x: Span<'a>,
    y: Span<'a>,
    pieces: usize,
    block: usize,
}

impl Kernel for Maximum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for piece in 0..self.pieces {
            let places = places(self.map, |lane| (self.block * BLOCK + lane) * self.pieces + piece);
            for at in (0..self.y.len()).step_by(BLOCK) {
                let mut best = self.x.gather(simd, at, &places);
                if piece > 0 {
                    let before = self.y.load(simd, at);
                    best = simd.select(beats(simd, best, before), best, before);
                }
                self.y.store(simd, at, best);
            }
        }
    }
}

/// Runs [`MaxoutGrad`].
pub(super) fn grad(frame: &Frame, step: &'static MaxoutGrad) {
    let elements = step.x.len() * step.pieces;
    frame.touch_each(step.x.channels.div_ceil(BLOCK), elements, &|sample, block| {
        let (x, dy) = (frame.map(sample, &step.x), frame.map(sample, &step.dy));
        let (own, dx) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.dx, block));
        frame.isa().run(Winner { step, x, own, dy, dx, block });
        let count = dx.len() / BLOCK;
        frame.epilogue(step.epilogue, &step.dx, sample).apply(block * dx.len(), BLOCK, count);
    });
}

/// Eight inputs of all pixels.
struct Winner<'a> {
    step: &'a MaxoutGrad,
    x: Span<'a>,
    /// The plane of the eight inputs.
    own: Span<'a>,
    dy: Span<'a>,
    dx: Span<'a>,
    block: usize,
}

impl Kernel for Winner<'_> {
    type Output = ();

    /// `dx` takes all of `dy`, then loses it to every channel of the group that comes first: an
    /// earlier one that is not beaten, or a later one that beats.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let pieces = self.step.pieces;
        let channel = |lane: usize| self.block * BLOCK + lane;
        let groups = places(&self.step.dy, |lane| channel(lane) / pieces);
        for at in (0..self.dx.len()).step_by(BLOCK) {
            self.dx.store(simd, at, self.dy.gather(simd, at, &groups));
        }
        let mut number = [0.0; BLOCK];
        (0..BLOCK).for_each(|lane| number[lane] = (channel(lane) % pieces) as f32);
        let number = Span::local(&mut number).load(simd, 0);
        for piece in 0..pieces {
            let others = places(&self.step.x, |lane| channel(lane) / pieces * pieces + piece);
            let is_earlier = simd.gt(number, simd.splat(piece as f32));
            let is_later = simd.gt(simd.splat(piece as f32), number);
            for at in (0..self.dx.len()).step_by(BLOCK) {
                let (own, other) = (self.own.load(simd, at), self.x.gather(simd, at, &others));
                let keeps = simd.and_not(is_earlier, beats(simd, own, other));
                let loses = simd.or(keeps, simd.and(is_later, beats(simd, other, own)));
                self.dx.store(simd, at, simd.select(loses, simd.splat(0.0), self.dx.load(simd, at)));
            }
        }
    }
}
