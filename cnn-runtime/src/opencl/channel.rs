//! Maxout, softmax and gates by `kernels/channel.cl`: the arguments of each step's kernels.

use cnn_core::Result;

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::plan::{BLOCK, Gate, GateGrad, Map, Maxout, MaxoutGrad, Softmax, SoftmaxGrad};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::Channel, name)
}

/// Maxout: [`Maxout`].
pub(super) fn maxout(frame: &Frame, step: &'static Maxout) -> Result<()> {
    let [x, y] = words::maps([&step.x, &step.y])?;
    let args = [Arg::Words(&x), Arg::Words(&y), Arg::Int(step.pieces)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, kernel("maxout"), end, &args, frame.blocks(&step.y))
}

/// Gradient of the input: [`MaxoutGrad`]. A first kernel notes the channel that wins each group.
pub(super) fn maxout_grad(frame: &Frame, step: &'static MaxoutGrad) -> Result<()> {
    let [x, dy, dx] = words::maps([&step.x, &step.dy, &step.dx])?;
    let groups = step.dy.channels * step.dy.height * step.dy.width;
    let winners = frame.engine.partial.at_least(frame.pass.batch * groups)?;
    let [arena, slab] = frame.arena();
    let (pieces, winners) = (Arg::Int(step.pieces), Arg::Buffer(&winners));
    let args = [arena, slab, Arg::Words(&x), pieces, winners];
    frame.launch(step, kernel("maxout_winners"), &args, [groups, frame.pass.batch, 1])?;
    let args = [Arg::Words(&dy), Arg::Words(&dx), pieces, winners];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    frame.launch_chain(step, kernel("maxout_grad"), end, &args, frame.blocks(&step.dx))
}

/// Work-items of a kernel that makes all channels of a pixel at a time.
fn pixels(frame: &Frame, map: &Map) -> [usize; 3] {
    [map.height * map.width, frame.pass.batch, 1]
}

/// Softmax: [`Softmax`].
pub(super) fn softmax(frame: &Frame, step: &'static Softmax) -> Result<()> {
    let args = [Arg::Words(&words::map(&step.x)?)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, kernel("softmax"), end, &args, pixels(frame, &step.y))
}

/// Gradient of softmax: [`SoftmaxGrad`].
pub(super) fn softmax_grad(frame: &Frame, step: &'static SoftmaxGrad) -> Result<()> {
    let [y, dy] = words::maps([&step.y, &step.dy])?;
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let args = [Arg::Words(&y), Arg::Words(&dy)];
    frame.launch_chain(step, kernel("softmax_grad"), end, &args, pixels(frame, &step.dx))
}

/// Gates: [`Gate`].
pub(super) fn gate(frame: &Frame, step: &'static Gate) -> Result<()> {
    let [x, gate] = words::maps([&step.x, &step.gate])?;
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let args = [Arg::Words(&x), Arg::Words(&gate)];
    frame.launch_chain(step, kernel("gate"), end, &args, frame.blocks(&step.y))
}

/// Gradient of the gates: [`GateGrad`].
pub(super) fn gate_grad(frame: &Frame, step: &'static GateGrad) -> Result<()> {
    let [x, dy] = words::maps([&step.x, &step.dy])?;
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dgate };
    let args = [Arg::Words(&x), Arg::Words(&dy)];
    let items = [step.x.channels.div_ceil(BLOCK), frame.pass.batch, 1];
    frame.launch_chain(step, kernel("gate_grad"), end, &args, items)
}
