//! Local response normalisation: each channel is scaled by the squares of its neighbours.
//!
//! Neighbours lie in lanes and blocks of their own. So a few pixels at a time are laid out as
//! *lines* of consecutive channels in a buffer, where the window of eight channels is a sum of
//! shifted vectors. Channels that do not exist are zero there.

use std::ops::Range;

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd, math},
    split,
};
use crate::plan::{BLOCK, Lrn, Map, Response};

/// Floats of a buffer of lines.
pub(super) const BUFFER: usize = 1 << 12;
/// Blocks of channels that lines hold, besides what their windows reach.
const BLOCKS: usize = 32;

/// The gradient's windows of windows reach twice as far to both sides.
const LONGEST: usize = (BLOCKS + 4 * (Response::MAX_SIZE / 2).div_ceil(BLOCK)) * BLOCK;
const _: () = assert!(LONGEST <= BUFFER, "a buffer holds the longest line");

/// Runs [`Lrn`].
pub(super) fn forward(frame: &Frame, step: &'static Lrn) {
    let work = (step.x.len() * (step.response.size + 8)) as u64;
    let cut = Cut::new(&step.x, &step.response, 1);
    frame.each_sample(cut.pieces(), work, &|sample, piece| {
        let (x, y) = (frame.map(sample, &step.x), frame.map(sample, &step.y));
        let epilogue = frame.epilogue(step.epilogue, &step.y, sample);
        let strip = cut.strip(piece);
        frame.isa().run(Forward { step, strip: &strip, x, y });
        for block in strip.blocks.clone() {
            epilogue.apply((block * strip.area + strip.pixels.start) * BLOCK, BLOCK, strip.pixels.len());
        }
    });
}

/// Channels that a window reaches on either side, as far as there are any.
#[derive(Clone, Copy)]
pub(super) struct Reach {
    pub(super) back: usize,
    pub(super) ahead: usize,
}

impl Reach {
    fn new(map: &Map, response: &Response) -> Reach {
        let limit = |channels: usize| channels.min(map.channels);
        Reach { back: limit(response.size / 2), ahead: limit((response.size - 1) / 2) }
    }

    /// As the neighbours see it.
    pub(super) fn mirrored(self) -> Reach {
        Reach { back: self.ahead, ahead: self.back }
    }

    /// Blocks on either side.
    fn blocks(&self) -> usize {
        self.back.div_ceil(BLOCK)
    }
}

/// How a map is cut into strips of some channels of some pixels.
pub(super) struct Cut {
    channels: usize,
    area: usize,
    reach: Reach,
    /// Blocks of a line before and after those of its strip.
    margin: usize,
    groups: usize,
    pixels: usize,
}

impl Cut {
    /// A map's strips; `windows` says how often the window is applied in a row, 1 forward and 2
    /// backward, which multiplies the margin.
    pub(super) fn new(map: &Map, response: &Response, windows: usize) -> Cut {
        let (blocks, reach) = (map.channels.div_ceil(BLOCK), Reach::new(map, response));
        let margin = windows * reach.blocks();
        let line = (blocks.min(BLOCKS) + 2 * margin) * BLOCK;
        assert!(line <= BUFFER, "{} channels are more than Response::MAX_SIZE", response.size);
        let (area, groups) = (map.height * map.width, blocks.div_ceil(BLOCKS));
        Cut { channels: map.channels, area, reach, margin, groups, pixels: BUFFER / line }
    }

    pub(super) fn pieces(&self) -> usize {
        self.groups * self.area.div_ceil(self.pixels)
    }

    pub(super) fn strip(&self, piece: usize) -> Strip {
        let (group, first) = (piece % self.groups, piece / self.groups * self.pixels);
        let blocks = split::part(self.channels.div_ceil(BLOCK), self.groups, group);
        Strip {
            channels: self.channels,
            area: self.area,
            reach: self.reach,
            margin: self.margin,
            line: (blocks.len() + 2 * self.margin) * BLOCK,
            pixels: first..self.area.min(first + self.pixels),
            blocks,
        }
    }
}

/// Some channels of some pixels.
pub(super) struct Strip {
    channels: usize,
    /// Pixels of the map.
    pub(super) area: usize,
    pub(super) reach: Reach,
    margin: usize,
    /// Floats of a line.
    line: usize,
    pub(super) blocks: Range<usize>,
    pub(super) pixels: Range<usize>,
}

/// What a line holds.
pub(super) trait Entry<S: Simd> {
    /// Of eight channels: those from `position` on of the map, those from `at` on of the buffers.
    fn entry(&self, simd: S, position: usize, at: usize) -> S::V;
}

impl Strip {
    /// Fills the lines, but for what so many windows reach at both ends.
    #[inline(always)]
    pub(super) fn fill<S: Simd>(&self, simd: S, lines: Span, windows: usize, entry: impl Entry<S>) {
        let (zero, slots, inset) = (simd.splat(0.0), self.line / BLOCK, windows * self.reach.blocks());
        for slot in inset..slots - inset {
            let block = (self.blocks.start + slot).checked_sub(self.margin);
            let first = block.map(|block| block * BLOCK).filter(|&first| first < self.channels);
            for (number, pixel) in self.pixels.clone().enumerate() {
                let at = number * self.line + slot * BLOCK;
                let mut value = zero;
                if let Some(first) = first {
                    let used = simd.first_lanes(self.channels - first);
                    value = entry.entry(simd, first * self.area + pixel * BLOCK, at);
                    value = simd.select(used, value, zero);
                }
                lines.store(simd, at, value);
            }
        }
    }

    /// The place in the buffer of a block of a pixel.
    #[inline(always)]
    pub(super) fn place(&self, block: usize, pixel: usize) -> usize {
        (pixel - self.pixels.start) * self.line + (block - self.blocks.start + self.margin) * BLOCK
    }
}

/// The squares of a map.
pub(super) struct Squares<'a>(pub(super) Span<'a>);

impl<S: Simd> Entry<S> for Squares<'_> {
    #[inline(always)]
    fn entry(&self, simd: S, position: usize, _: usize) -> S::V {
        let x = self.0.load(simd, position);
        simd.mul(x, x)
    }
}

/// The sums of the channels that each of the eight at `at` reaches.
#[inline(always)]
pub(super) fn window<S: Simd>(simd: S, lines: Span, at: usize, reach: Reach) -> S::V {
    let mut sum = simd.splat(0.0);
    for channel in 0..=reach.back + reach.ahead {
        sum = simd.add(sum, lines.load(simd, at + channel - reach.back));
    }
    sum
}

/// `s` of the eight channels at `at`, from lines of squares.
#[inline(always)]
pub(super) fn response<S: Simd>(simd: S, squares: Span, at: usize, reach: Reach, hyper: &Response) -> S::V {
    let sum = window(simd, squares, at, reach);
    simd.fma(simd.splat(hyper.alpha / hyper.size as f32), sum, simd.splat(hyper.k))
}

struct Forward<'a> {
    step: &'a Lrn,
    strip: &'a Strip,
    x: Span<'a>,
    y: Span<'a>,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Forward { step, strip, x, y } = self;
        let mut squares = [0.0; BUFFER];
        let squares = Span::local(&mut squares);
        strip.fill(simd, squares, 0, Squares(x));
        for block in strip.blocks.clone() {
            for pixel in strip.pixels.clone() {
                let at = (block * strip.area + pixel) * BLOCK;
                let s = response(simd, squares, strip.place(block, pixel), strip.reach, &step.response);
                let scale = math::inverse_power(simd, s, step.response.beta);
                y.store(simd, at, simd.mul(x.load(simd, at), scale));
            }
        }
    }
}
