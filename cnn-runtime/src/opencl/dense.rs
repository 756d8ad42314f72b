//! Dense layers by `kernels/dense.cl`: each step's arguments in the kernel's order.

use cnn_core::Result;
use cnn_kernels::{DENSE_RUN, DENSE_SAMPLES};

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    segments::bias_grad,
    words,
};
use crate::plan::{BLOCK, Dense, DenseInputGrad, DenseWeightGrad};

fn kernel(name: &'static str) -> Launch<'static> {
    Launch::of(Source::Layers, name)
}

/// Dense layer: [`Dense`].
pub(super) fn forward(frame: &Frame, step: &'static Dense) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)?),
        Arg::Offset(step.weight),
        Arg::OptionalInt(step.bias),
        frame.batch(),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let items = [frame.pass.batch.div_ceil(DENSE_SAMPLES), step.y.channels.div_ceil(BLOCK), 1];
    frame.launch_chain(step, kernel("dense"), end, &args, items)
}

/// Gradient of the input: [`DenseInputGrad`].
pub(super) fn input_grad(frame: &Frame, step: &'static DenseInputGrad) -> Result<()> {
    let args = [
        Arg::Int(step.dy.offset),
        Arg::Int(step.dy.channels),
        Arg::Words(&words::map(&step.dx)?),
        Arg::Offset(step.weight),
        frame.batch(),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let items = [step.dx.len() / BLOCK, frame.pass.batch.div_ceil(DENSE_RUN), 1];
    frame.launch_chain(step, kernel("dense_input_grad"), end, &args, items)
}

/// Gradient of the weights and the bias: [`DenseWeightGrad`].
pub(super) fn weight_grad(frame: &Frame, step: &'static DenseWeightGrad) -> Result<()> {
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Words(&words::map(&step.x)?),
        Arg::Int(step.dy.offset),
        Arg::Int(step.dy.channels),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.weight),
        frame.batch(),
    ];
    let items = [step.x.len().div_ceil(BLOCK), step.dy.channels.div_ceil(BLOCK), 1];
    frame.launch(step, kernel("dense_weight_grad"), &args, items)?;
    bias_grad(frame, step, &step.dy, step.bias)
}
