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
        LossKind::CrossEntropy { smoothing, .. } => (0, smoothing),
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
    let launch = Launch { name: "loss", source: Source::Layers, options: &|| options(step.kind) };
    frame.launch(step, launch, &args, [frame.pass.batch, 1, 1])
}

/// Class weights are constants of the program.
fn options(kind: LossKind) -> String {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = kind else { return String::new() };
    let weights: Vec<_> = weights.iter().map(|weight| format!("{weight:e}f")).collect();
    format!("-DCLASS_WEIGHTS={}", weights.join(","))
}
