//! The gradient of a parametric ReLU's slopes by `kernels/prelu.cl`: one kernel for segments, a
//! second that adds them up.

use cnn_core::Result;

use super::{
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    segments::Division,
    words,
};
use crate::plan::PreluSums;

/// Sums over the batch: [`PreluSums`].
pub(super) fn sums(frame: &Frame, step: &'static PreluSums) -> Result<()> {
    let division = Division::of(frame, &step.x);
    let partial = frame.engine.partial.at_least(division.partial_len(1))?;
    let [first, second] = division.items();
    let [arena, slab] = frame.arena();
    let [x, dy] = words::maps([&step.x, &step.dy])?;
    let (segments, partial) = (Arg::Int(division.segments), Arg::Buffer(&partial));
    let positions = Arg::Int(division.positions);
    let args = [arena, slab, Arg::Words(&x), Arg::Words(&dy), positions, segments, partial];
    frame.launch(step, Launch::of(Source::Prelu, "segment_slopes"), &args, first)?;
    let grads = Arg::Buffer(&frame.engine.buffers.grads);
    let (slope, shared) = (Arg::Int(step.slope), Arg::Code(step.shared.into()));
    let args = [Arg::Int(step.x.channels), segments, partial, grads, slope, shared];
    let items = if step.shared { [1; 3] } else { second };
    frame.launch(step, Launch::of(Source::Prelu, "slope_grad"), &args, items)
}
