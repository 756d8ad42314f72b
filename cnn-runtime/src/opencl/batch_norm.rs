//! Batch norm's sums over the batch by `kernels/batch_norm.cl`: one kernel for segments, a second that adds them up.

use super::{
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    segments::Division,
    words,
};
use crate::{
    error::Result,
    plan::{BatchNormSums, BatchStats},
};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::BatchNorm, name)
}

/// See [`BatchStats`].
pub(super) fn stats(frame: &Frame, step: &'static BatchStats) -> Result<()> {
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len(2))?;
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
    let partial = frame.engine.partial.at_least(division.partial_len(2))?;
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
