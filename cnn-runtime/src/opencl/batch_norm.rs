//! Batch norm's sums over the batch by `kernels/batch_norm.cl`: one kernel sums segments, a second adds them up.

use super::{
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::{
    error::Result,
    plan::{BLOCK, BatchNormSums, BatchStats, Map},
};

/// Positions that are worth a segment of their own.
const SEGMENT: usize = 256;
const MAX_SEGMENTS: usize = 256;

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::BatchNorm, name)
}

/// How the positions of a batch are divided; the same on every device.
struct Division {
    positions: usize,
    segments: usize,
    blocks: usize,
}

impl Division {
    fn of(frame: &Frame, x: &Map) -> Division {
        let positions = frame.pass.batch * x.height * x.width;
        let segments = positions.div_ceil(SEGMENT).min(MAX_SEGMENTS);
        Division { positions, segments, blocks: x.channels.div_ceil(BLOCK) }
    }

    /// Work-items of the first kernel and of the second.
    fn items(&self) -> [[usize; 3]; 2] {
        [[self.segments, self.blocks, 1], [1, self.blocks, 1]]
    }

    /// Floats of two vectors for each segment.
    fn partial_len(&self) -> usize {
        2 * self.segments * self.blocks * BLOCK
    }
}

/// See [`BatchStats`].
pub(super) fn stats(frame: &Frame, step: &'static BatchStats) -> Result<()> {
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len())?;
    let [first, second] = division.items();
    let [arena, slab] = frame.arena();
    let x = words::map(&step.x);
    let shared = [
        arena,
        slab,
        Arg::Words(&x),
        Arg::Uint(division.positions as u32),
        Arg::Uint(division.segments as u32),
        Arg::Buffer(&partial),
    ];
    frame.launch(step, kernel("segment_stats"), &shared, first)?;
    let more = [
        frame.fixed(step.stats),
        Arg::Buffer(&frame.engine.buffers.params),
        Arg::Uint(step.running_mean as u32),
        Arg::Uint(step.running_var as u32),
        Arg::Float(step.eps),
        Arg::Float(step.momentum),
    ];
    frame.launch(step, kernel("batch_stats"), &[&shared[..], &more].concat(), second)
}

/// See [`BatchNormSums`].
pub(super) fn sums(frame: &Frame, step: &'static BatchNormSums) -> Result<()> {
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len())?;
    let [first, second] = division.items();
    let [arena, slab] = frame.arena();
    let [x, dy] = [&step.x, &step.dy].map(words::map);
    let (segments, partial) = (Arg::Uint(division.segments as u32), Arg::Buffer(&partial));
    let stats = frame.fixed(step.normalize.stats);
    let positions = Arg::Uint(division.positions as u32);
    let args = [arena, slab, Arg::Words(&x), Arg::Words(&dy), positions, segments, partial, stats];
    frame.launch(step, kernel("segment_products"), &args, first)?;
    let args = [
        arena,
        slab,
        Arg::Uint(step.x.channels as u32),
        segments,
        partial,
        stats,
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Uint(step.normalize.gamma as u32),
        Arg::Uint(step.normalize.beta as u32),
    ];
    frame.launch(step, kernel("batch_norm_sums"), &args, second)
}
