//! Dense layers by `kernels/dense.cl`: each step's arguments in the kernel's order.

use super::{
    frame::{End, Frame, Launch, offset_or_none},
    kernels::{Arg, Source},
    segments::bias_grad,
    words,
};
use crate::{
    error::Result,
    plan::{BLOCK, Dense, DenseInputGrad, DenseWeightGrad},
};

/// Samples of a work-item: `DENSE_SAMPLES` and `DENSE_RUN` in `kernels/dense.cl`.
const DENSE_SAMPLES: usize = 8;
const DENSE_RUN: usize = 32;

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::Layers, name)
}

pub(super) fn forward(frame: &Frame, step: &'static Dense) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Offset(step.weight),
        offset_or_none(step.bias),
        frame.batch(),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let items = [frame.pass.batch.div_ceil(DENSE_SAMPLES), step.y.channels.div_ceil(BLOCK), 1];
    frame.launch_chain(step, kernel("dense"), end, &args, items)
}

pub(super) fn input_grad(frame: &Frame, step: &'static DenseInputGrad) -> Result<()> {
    let args = [
        Arg::Uint(step.dy.offset as u32),
        Arg::Uint(step.dy.channels as u32),
        Arg::Words(&words::map(&step.dx)),
        Arg::Offset(step.weight),
        frame.batch(),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let items = [step.dx.len() / BLOCK, frame.pass.batch.div_ceil(DENSE_RUN), 1];
    frame.launch_chain(step, kernel("dense_input_grad"), end, &args, items)
}

pub(super) fn weight_grad(frame: &Frame, step: &'static DenseWeightGrad) -> Result<()> {
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Words(&words::map(&step.x)),
        Arg::Uint(step.dy.offset as u32),
        Arg::Uint(step.dy.channels as u32),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.weight),
        frame.batch(),
    ];
    let items = [step.x.len().div_ceil(BLOCK), step.dy.channels.div_ceil(BLOCK), 1];
    frame.launch(step, kernel("dense_weight_grad"), &args, items)?;
    bias_grad(frame, step, &step.dy, step.bias)
}
