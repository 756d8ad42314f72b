//! Losses by `kernels/loss.cl`.

use super::{
    frame::{Frame, Launch},
    kernels::{Arg, Source},
};
use crate::{
    error::Result,
    plan::{Loss, LossKind},
};

/// See [`Loss`].
pub(super) fn run(frame: &Frame, step: &'static Loss) -> Result<()> {
    let (kind, smoothing) = match step.kind {
        LossKind::CrossEntropy { smoothing } => (0, smoothing),
        LossKind::MeanSquared => (1, 0.0),
        LossKind::BinaryCrossEntropy => (2, 0.0),
    };
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Uint(step.logits.offset as u32),
        Arg::Uint(step.logits.channels as u32),
        Arg::Uint(step.loss.offset as u32),
        Arg::Uint(step.grad.is_some() as u32),
        Arg::Uint(step.grad.map_or(0, |grad| grad.offset as u32)),
        Arg::Uint(kind),
        Arg::Float(smoothing),
        Arg::Float(step.weight),
        Arg::Buffer(&frame.engine.buffers.labels),
        frame.batch(),
    ];
    frame.launch(step, Launch::of(Source::Layers, "loss"), &args, [frame.pass.batch, 1, 1])
}
