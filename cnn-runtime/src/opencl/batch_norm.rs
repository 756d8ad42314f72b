//! Batch norm's sums over the batch by `kernels/batch_norm.cl`: one kernel for segments, a second
//! that adds them up.

use cnn_core::Result;

use super::{
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    segments::Division,
    words,
};
use crate::plan::{BatchNormSums, BatchStats};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::BatchNorm, name)
}

/// Statistics of a batch, and the running ones: [`BatchStats`].
pub(super) fn stats(frame: &Frame, step: &'static BatchStats) -> Result<()> {
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len(2))?;
    let [first, second] = division.items();
    let [arena, slab] = frame.arena();
    let x = words::map(&step.x)?;
    let shared = [
        arena,
        slab,
        Arg::Words(&x),
        Arg::Int(division.positions),
        Arg::Int(division.segments),
        Arg::Buffer(&partial),
    ];
    frame.launch(step, kernel("segment_stats"), &shared, first)?;
    let more = [
        frame.fixed(step.stats),
        Arg::Buffer(&frame.engine.buffers.params),
        Arg::Int(step.running_mean),
        Arg::Int(step.running_var),
        Arg::Float(step.eps),
        Arg::Float(step.momentum),
    ];
    frame.launch(step, kernel("batch_stats"), &[&shared[..], &more].concat(), second)
}

/// Gradients of scale and shift: [`BatchNormSums`].
pub(super) fn sums(frame: &Frame, step: &'static BatchNormSums) -> Result<()> {
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len(2))?;
    let [first, second] = division.items();
    let [arena, slab] = frame.arena();
    let [x, dy] = words::maps([&step.x, &step.dy])?;
    let (segments, partial) = (Arg::Int(division.segments), Arg::Buffer(&partial));
    let stats = frame.fixed(step.stats);
    let positions = Arg::Int(division.positions);
    let args = [arena, slab, Arg::Words(&x), Arg::Words(&dy), positions, segments, partial, stats];
    frame.launch(step, kernel("segment_products"), &args, first)?;
    let args = [
        arena,
        slab,
        Arg::Int(step.x.channels),
        segments,
        partial,
        stats,
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Int(step.gamma),
        Arg::Int(step.beta),
    ];
    frame.launch(step, kernel("batch_norm_sums"), &args, second)
}
