//! Everything but convolution, by the kernels whose shapes are arguments: each step's arguments in the kernel's order.

use super::{
    frame::{Frame, offset_or_none},
    kernels::Arg,
    words,
};
use crate::{
    error::Result,
    plan::{
        BLOCK, Copy, CrossEntropy, Dense, DenseInputGrad, DenseWeightGrad, Elementwise, Map, Pool, PoolGrad,
        PoolKind,
    },
};

/// Samples of a work-item: `DENSE_SAMPLES` and `DENSE_RUN` in `kernels/dense.cl`.
const DENSE_SAMPLES: usize = 8;
const DENSE_RUN: usize = 32;

/// Sums a bias gradient, one output block a work-item.
pub(super) fn bias_grad<S>(frame: &Frame, step: &'static S, dy: &Map, bias: Option<usize>) -> Result<()> {
    let Some(bias) = bias else { return Ok(()) };
    let grads = Arg::Buffer(&frame.engine.buffers.grads);
    let args = [Arg::Words(&words::map(dy)), grads, Arg::Uint(bias as u32), frame.batch()];
    frame.launch_layer(step, "bias_grad", &args, [1, dy.channels.div_ceil(BLOCK), 1])
}

pub(super) fn dense(frame: &Frame, step: &'static Dense) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Uint(step.y.offset as u32),
        Arg::Uint(step.y.channels as u32),
        Arg::Buffer(&frame.engine.buffers.params),
        Arg::Offset(step.weight),
        offset_or_none(step.bias),
        frame.batch(),
        Arg::Words(&frame.chain(step.epilogue, step.name)?),
    ];
    let tiles = frame.pass.batch.div_ceil(DENSE_SAMPLES);
    frame.launch_layer(step, "dense", &args, [tiles, step.y.channels.div_ceil(BLOCK), 1])
}

pub(super) fn dense_input_grad(frame: &Frame, step: &'static DenseInputGrad) -> Result<()> {
    let args = [
        Arg::Uint(step.dy.offset as u32),
        Arg::Uint(step.dy.channels as u32),
        Arg::Words(&words::map(&step.dx)),
        Arg::Buffer(&frame.engine.buffers.params),
        Arg::Offset(step.weight),
        frame.batch(),
        Arg::Words(&frame.chain(step.epilogue, step.name)?),
    ];
    let runs = frame.pass.batch.div_ceil(DENSE_RUN);
    frame.launch_layer(step, "dense_input_grad", &args, [step.dx.len() / BLOCK, runs, 1])
}

pub(super) fn dense_weight_grad(frame: &Frame, step: &'static DenseWeightGrad) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Uint(step.dy.offset as u32),
        Arg::Uint(step.dy.channels as u32),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.weight),
        frame.batch(),
    ];
    let items = [step.x.len().div_ceil(BLOCK), step.dy.channels.div_ceil(BLOCK), 1];
    frame.launch_layer(step, "dense_weight_grad", &args, items)?;
    bias_grad(frame, step, &step.dy, step.bias)
}

pub(super) fn pool(frame: &Frame, step: &'static Pool) -> Result<()> {
    let [is_max, count_all] = pool_kind(step.kind);
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Words(&words::map(&step.y)),
        Arg::Words(&words::window(&step.window)),
        is_max,
        count_all,
        Arg::Words(&frame.chain(step.epilogue, step.name)?),
    ];
    frame.launch_layer(step, "pool", &args, frame.blocks(&step.y))
}

pub(super) fn pool_grad(frame: &Frame, step: &'static PoolGrad) -> Result<()> {
    let [is_max, count_all] = pool_kind(step.kind);
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Words(&words::map(&step.dy)),
        Arg::Words(&words::map(&step.dx)),
        Arg::Words(&words::window(&step.window)),
        is_max,
        count_all,
        Arg::Words(&frame.chain(step.epilogue, step.name)?),
    ];
    frame.launch_layer(step, "pool_grad", &args, frame.blocks(&step.dx))
}

pub(super) fn elementwise(frame: &Frame, step: &'static Elementwise) -> Result<()> {
    let chain = frame.chain(step.ops, step.name)?;
    let args = [Arg::Words(&words::map(&step.x)), Arg::Words(&words::map(&step.y)), Arg::Words(&chain)];
    frame.launch_layer(step, "elementwise", &args, frame.blocks(&step.y))
}

pub(super) fn copy(frame: &Frame, step: &'static Copy) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Uint(step.x_start as u32),
        Arg::Words(&words::map(&step.y)),
        Arg::Uint(step.y_start as u32),
        Arg::Uint(step.count as u32),
    ];
    frame.launch_layer(step, "copy", &args, [step.count, frame.pass.batch, 1])
}

pub(super) fn cross_entropy(frame: &Frame, step: &'static CrossEntropy) -> Result<()> {
    let args = [
        Arg::Uint(step.logits.offset as u32),
        Arg::Uint(step.logits.channels as u32),
        Arg::Uint(step.loss.offset as u32),
        Arg::Uint(step.grad.is_some() as u32),
        Arg::Uint(step.grad.map_or(0, |grad| grad.offset as u32)),
        Arg::Float(step.weight),
        Arg::Buffer(&frame.engine.buffers.labels),
        frame.batch(),
    ];
    frame.launch_layer(step, "cross_entropy", &args, [frame.pass.batch, 1, 1])
}

/// `is_max` and `count_all` in `kernels/pool.cl`.
fn pool_kind(kind: PoolKind) -> [Arg<'static>; 2] {
    match kind {
        PoolKind::Max => [1, 0],
        PoolKind::Avg { count_include_pad } => [0, count_include_pad as u32],
    }
    .map(Arg::Uint)
}
