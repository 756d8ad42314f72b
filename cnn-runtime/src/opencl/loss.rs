//! Losses by `kernels/loss.cl`.

use super::{
    engine::ClEngine,
    failure::failure,
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    memory::SUMS,
};
use crate::{
    engine::{LossSums, Pass},
    error::Result,
    plan::{Loss, LossKind, Map},
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

/// See [`crate::engine::Engine::add_losses`]: each sample of the batch has sums of its own.
pub(super) fn add(engine: &ClEngine, pass: &Pass, losses: &[Map]) -> Result<()> {
    let mut kernels = engine.kernels.borrow_mut();
    let kernel = kernels.get(0, "add_losses", Source::Layers, String::new)?;
    losses.iter().enumerate().try_for_each(|(nth, map)| {
        let args = [
            Arg::Buffer(&engine.buffers.arena),
            Arg::Uint(pass.arena.slab as u32),
            Arg::Uint(map.offset as u32),
            Arg::Uint((nth == 0) as u32),
            Arg::Buffer(&engine.buffers.sums),
            Arg::Uint(pass.batch as u32),
        ];
        kernel.launch(&engine.queue, &args, [pass.batch, 1, 1])
    })
}

/// See [`crate::engine::Engine::take_losses`]: adds up the samples in their order.
pub(super) fn take(engine: &ClEngine) -> Result<LossSums> {
    let mut words = vec![0u32; engine.sizes.batch * SUMS];
    engine.queue.read(&engine.buffers.sums, 0, &mut words)?;
    let cleared = engine.queue.fill_zero(&engine.buffers.sums, words.len());
    cleared.map_err(|error| failure("clear the losses", error))?;
    let mut total = LossSums::default();
    for sample in words.chunks_exact(SUMS) {
        let [sum, rest] = [sample[0], sample[1]].map(|bits| f32::from_bits(bits) as f64);
        // What a rounded sum leaves has no meaning beside an infinite one.
        total.loss += if sum.is_finite() { sum + rest } else { sum };
        total.correct += sample[2] as u64;
    }
    Ok(total)
}
