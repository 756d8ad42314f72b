//! Dense layers: the register tile with samples as its pixels.
//!
//! A tile's sum over a long axis is cut into chunks that stay in the nearest cache while all
//! samples pass; the partial sums wait in the output. Padding lanes of inputs are never read: they
//! may hold NaN.

use std::ops::Range;

use super::{
    frame::Frame,
    simd::{
        PIXELS,
        tile::{Channels, Level, Start, Tile},
    },
    split,
};
use crate::plan::{BLOCK, Dense, Layout, Map};

/// Terms of a sum in one go: two blocks of weights are 16 KiB, four 32 KiB.
const CHUNK: usize = 256;
/// Samples that one piece of work takes through its blocks.
const SAMPLES: usize = 2 * PIXELS;

/// The storage positions of a map that hold channels, in order, at most `limit` at a time.
pub(super) fn stored(map: &Map, limit: usize) -> impl Iterator<Item = Range<usize>> {
    let area = map.height * map.width;
    let (whole, lanes) = match map.layout {
        Layout::Planar => (map.len(), 0),
        Layout::Blocked => (map.channels / BLOCK * BLOCK * area, map.channels % BLOCK),
    };
    let full = (0..whole).step_by(limit).map(move |start| start..whole.min(start + limit));
    let pixels = if lanes == 0 { 0 } else { area };
    full.chain((0..pixels).map(move |pixel| whole + pixel * BLOCK..whole + pixel * BLOCK + lanes))
}

/// A tile whose sum is one loop.
pub(super) const fn tile<'a>(pixels: usize, blocks: usize, terms: Level) -> Tile<'a> {
    let (channels, rows, columns) = (Channels::ONE, Level::ONE, terms);
    let (x_pixel, w_block, y_pixel, y_block) = (0, 0, 0, 0);
    Tile { pixels, blocks, start: Start::Sum, channels, rows, columns, x_pixel, w_block, y_pixel, y_block }
}

/// Runs [`Dense`]: pixels are samples, channels are input elements.
pub(super) fn forward(frame: &Frame, step: &'static Dense) {
    let (blocks, samples) = (step.y.channels.div_ceil(BLOCK), frame.samples.len());
    let parts = samples.div_ceil(SAMPLES);
    let work = (samples * step.x.len() * step.y.len()) as u64;
    // Few samples need many blocks, so that enough sums are under way.
    let limit = frame.isa().profile().blocks_of(usize::MAX, samples);
    let threads = if frame.is_parallel(work) { frame.cpu.threads } else { 1 };
    let pieces = blocks.div_ceil(limit).max(threads.min(blocks));
    frame.each(pieces * parts, work, &|piece| {
        let samples = split::part(samples, parts, piece % parts);
        forward_piece(frame, step, split::part(blocks, pieces, piece / parts), samples);
    });
}

fn forward_piece(frame: &Frame, step: &'static Dense, blocks: Range<usize>, samples: Range<usize>) {
    let (first, blocks) = (blocks.start, blocks.len());
    let slab = frame.pass.arena.slab;
    let params = frame.memory.params;
    let weights = params.part(step.weight, step.y.len() * step.x.len());
    let (x, y) = (frame.batch_map(&step.x), frame.batch_map(&step.y));
    let mut start = match step.bias {
        Some(bias) => Start::Bias(params.part(bias + first * BLOCK, blocks * BLOCK)),
        None => Start::Zero,
    };
    for elements in stored(&step.x, CHUNK) {
        let tile = Tile {
            start,
            x_pixel: slab,
            w_block: step.x.len() * BLOCK,
            y_pixel: slab,
            y_block: BLOCK,
            ..tile(samples.len(), blocks, Level { count: elements.len(), x: 1, w: BLOCK as isize })
        };
        tile.run(
            frame.isa(),
            (x, (samples.start * slab + elements.start) as isize),
            (weights, ((first * step.x.len() + elements.start) * BLOCK) as isize),
            (y, (samples.start * slab + first * BLOCK) as isize),
        );
        start = Start::Sum;
    }
    for sample in samples {
        frame.epilogue(step.epilogue, &step.y, sample).apply(first * BLOCK, BLOCK, blocks);
    }
}
