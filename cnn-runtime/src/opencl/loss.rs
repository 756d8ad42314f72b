//! Losses by `kernels/loss.cl`.

use cnn_core::{Error, Result};
use cnn_kernels::{Constant, LossCode, TargetCode};

use super::{
    engine::ClEngine,
    failure::failure,
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    memory::SUMS,
};
use crate::{
    engine::{LossSums, Pass},
    plan::{Loss, LossKind, Map, TargetKind},
};

/// A loss and the gradient of its scores: [`Loss`].
pub(super) fn run(frame: &Frame, step: &'static Loss) -> Result<()> {
    let (held, needed) =
        (frame.engine.sizes.targets, frame.pass.batch * step.target.len(step.logits.channels));
    if needed > held {
        let name = step.name;
        return Err(Error::Usage(format!(
            "{name}: expected targets of {needed} numbers, found room for {held}"
        )));
    }
    let mean_weight = match step.target {
        TargetKind::Class => mean_class_weight(step.kind, classes(frame, step)?),
        TargetKind::Values | TargetKind::Labels => 1.0,
    };
    let parameter = match step.kind {
        LossKind::CrossEntropy { smoothing, .. } => smoothing,
        LossKind::Huber { delta } => delta,
        LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::BinaryCrossEntropy => 0.0,
    };
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Int(step.logits.offset),
        Arg::Int(step.logits.channels),
        Arg::Int(step.loss.offset),
        Arg::Code(step.grad.is_some().into()),
        Arg::Int(step.grad.map_or(0, |grad| grad.offset)),
        Arg::Code(LossCode::of(step.kind) as u32),
        Arg::Float(parameter),
        Arg::Float(step.weight / mean_weight),
        Arg::Code(TargetCode::of(step.target) as u32),
        Arg::Buffer(&frame.engine.buffers.targets),
        frame.batch(),
    ];
    let launch = Launch { name: "loss", source: Source::Layers, options: &|| options(step.kind) };
    frame.launch(step, launch, &args, [frame.pass.batch, 1, 1])
}

/// The classes of the batch, all of them the loss's: nothing is looked up by another.
fn classes<'a>(frame: &'a Frame, step: &Loss) -> Result<&'a [u32]> {
    let (labels, classes) = (&frame.engine.host_targets[..frame.pass.batch], step.logits.channels);
    match labels.iter().find(|&&label| label as usize >= classes) {
        Some(label) => {
            Err(Error::Usage(format!("{}: expected labels below {classes}, found {label}", step.name)))
        }
        None => Ok(labels),
    }
}

/// The mean over the batch of the weights of its classes, by which a loss is divided.
fn mean_class_weight(kind: LossKind, labels: &[u32]) -> f32 {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = kind else { return 1.0 };
    labels.iter().fold(0.0, |sum, &label| sum + weights[label as usize]) / labels.len() as f32
}

/// Class weights are a constant of the program.
fn options(kind: LossKind) -> String {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = kind else { return String::new() };
    let weights: Vec<_> = weights.iter().map(|weight| format!("{weight:e}f")).collect();
    Constant::ClassWeights.option(weights.join(","))
}

/// Adds what a pass left in `losses` to the sums, of which each sample of the batch has its own.
pub(super) fn add(engine: &ClEngine, pass: &Pass, losses: &[Map]) -> Result<()> {
    let mut kernels = engine.kernels.borrow_mut();
    let kernel = kernels.get(0, "add_losses", Source::Layers, String::new)?;
    losses.iter().enumerate().try_for_each(|(nth, map)| {
        let args = [
            Arg::Buffer(&engine.buffers.arena),
            Arg::Int(pass.arena.slab),
            Arg::Int(map.offset),
            Arg::Code((nth == 0).into()),
            Arg::Buffer(&engine.buffers.sums),
            Arg::Int(pass.batch),
        ];
        kernel.launch(&engine.queue, &args, [pass.batch, 1, 1])
    })
}

/// Takes the sums: adds up those of the samples, in their order, and sets them to 0.
pub(super) fn take(engine: &ClEngine) -> Result<LossSums> {
    let mut words = vec![0u32; engine.sizes.batch * SUMS];
    engine.queue.read(&engine.buffers.sums, 0, &mut words)?;
    let cleared = engine.queue.fill_zero(&engine.buffers.sums, words.len());
    cleared.map_err(|error| failure("clear the losses", error))?;
    let mut total = LossSums::default();
    for sample in words.chunks_exact(SUMS) {
        let [sum, rest] = [sample[0], sample[1]].map(|bits| f32::from_bits(bits) as f64);
        // The rest of a rounded sum has no meaning beside an infinite one.
        total.loss += if sum.is_finite() { sum + rest } else { sum };
        total.correct += sample[2] as u64;
    }
    Ok(total)
}
