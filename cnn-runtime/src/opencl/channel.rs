//! Maxout, softmax and gates by `kernels/channel.cl`: each step's arguments in the kernel's order.

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::{
    error::Result,
    plan::{BLOCK, Gate, GateGrad, Map, Maxout, MaxoutGrad, Softmax, SoftmaxGrad},
};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::Channel, name)
}

/// See [`Maxout`].
pub(super) fn maxout(frame: &Frame, step: &'static Maxout) -> Result<()> {
    let [x, y] = [&step.x, &step.y].map(words::map);
    let args = [Arg::Words(&x), Arg::Words(&y), Arg::Uint(step.pieces as u32)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, kernel("maxout"), end, &args, frame.blocks(&step.y))
}

/// See [`MaxoutGrad`].
pub(super) fn maxout_grad(frame: &Frame, step: &'static MaxoutGrad) -> Result<()> {
    let [x, dy] = [&step.x, &step.dy].map(words::map);
    let args = [Arg::Words(&x), Arg::Words(&dy), Arg::Uint(step.pieces as u32)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    frame.launch_chain(step, kernel("maxout_grad"), end, &args, frame.blocks(&step.dx))
}

/// Work-items of a kernel that makes all channels of a pixel at a time.
fn pixels(frame: &Frame, map: &Map) -> [usize; 3] {
    [map.height * map.width, frame.pass.batch, 1]
}

/// See [`Softmax`].
pub(super) fn softmax(frame: &Frame, step: &'static Softmax) -> Result<()> {
    let args = [Arg::Words(&words::map(&step.x))];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, kernel("softmax"), end, &args, pixels(frame, &step.y))
}

/// See [`SoftmaxGrad`].
pub(super) fn softmax_grad(frame: &Frame, step: &'static SoftmaxGrad) -> Result<()> {
    let [y, dy] = [&step.y, &step.dy].map(words::map);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let args = [Arg::Words(&y), Arg::Words(&dy)];
    frame.launch_chain(step, kernel("softmax_grad"), end, &args, pixels(frame, &step.dx))
}

/// See [`Gate`].
pub(super) fn gate(frame: &Frame, step: &'static Gate) -> Result<()> {
    let [x, gate] = [&step.x, &step.gate].map(words::map);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let args = [Arg::Words(&x), Arg::Words(&gate)];
    frame.launch_chain(step, kernel("gate"), end, &args, frame.blocks(&step.y))
}

/// See [`GateGrad`].
pub(super) fn gate_grad(frame: &Frame, step: &'static GateGrad) -> Result<()> {
    let [x, dy] = [&step.x, &step.dy].map(words::map);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dgate };
    let args = [Arg::Words(&x), Arg::Words(&dy)];
    let items = [step.x.channels.div_ceil(BLOCK), frame.pass.batch, 1];
    frame.launch_chain(step, kernel("gate_grad"), end, &args, items)
}
