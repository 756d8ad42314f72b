//! Optimizer steps by `kernels/update.cl`, one launch for each range of parameters that are treated
//! alike.

use cnn_core::{Error, Result};

use super::{
    engine::ClEngine,
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    memory::Buffers,
    words,
};
use crate::{
    engine::PendingUpdate,
    optim::{Adam, Optimizer, ParamRange, UpdateScalars, corrections},
    plan::{AddGradient, BLOCK},
};

/// Blocks whose squares one work-item adds up.
const SPAN: usize = 256;

/// Makes an update.
pub(super) fn run(engine: &ClEngine, pending: &PendingUpdate) -> Result<()> {
    let scalars = pending.scalars();
    let average = pending.update.optimizer.slots() * engine.sizes.params;
    pending.ranges().try_for_each(|part| launch(engine, &part, &scalars, average))
}

/// `gradients = share * gradients + (1 - share) * stashed`
pub(super) fn merge_stashed(engine: &ClEngine, share: f32) -> Result<()> {
    let Buffers { grads, stashed, .. } = &engine.buffers;
    let stashed =
        stashed.as_ref().ok_or_else(|| Error::Usage("no gradients were stashed to merge".into()))?;
    let blocks = engine.sizes.grads / BLOCK;
    let args = [Arg::Buffer(grads), Arg::Buffer(stashed), Arg::Int(blocks), Arg::Float(share)];
    enqueue(engine, "merge", &args, blocks)
}

/// The sum of what two readers of a parameter contribute to its gradient: [`AddGradient`].
pub(super) fn add_gradient(frame: &Frame, step: &'static AddGradient) -> Result<()> {
    let blocks = step.len / BLOCK;
    let [sum, first, second, count] = [step.sum, step.first, step.second, blocks].map(Arg::Int);
    let args = [Arg::Buffer(&frame.engine.buffers.grads), sum, first, second, count];
    frame.launch(step, Launch::of(Source::Layers, "add_gradient"), &args, [blocks, 1, 1])
}

fn launch(engine: &ClEngine, part: &ParamRange, scalars: &UpdateScalars, average: usize) -> Result<()> {
    let Buffers { params, grads, state, .. } = &engine.buffers;
    let words = words(engine, part, scalars)?;
    let [params, grads, state] = [params, grads, state].map(Arg::Buffer);
    let mut args = vec![params, grads, state, Arg::Offset(average), Arg::Words(&words)];
    let name = match part.rule {
        None => "average_only",
        Some(Optimizer::Sgd(rule)) => {
            args.extend([Arg::Float(rule.momentum), Arg::Code(rule.nesterov.into())]);
            "sgd"
        }
        Some(Optimizer::Adagrad(rule)) => {
            args.push(Arg::Float(rule.epsilon));
            "adagrad"
        }
        Some(Optimizer::Adadelta(rule)) => {
            args.extend([rule.rho, rule.epsilon].map(Arg::Float));
            "adadelta"
        }
        Some(Optimizer::RmsProp(rule)) => {
            args.extend([rule.alpha, rule.epsilon, rule.momentum].map(Arg::Float));
            args.push(Arg::Code(rule.centered.into()));
            "rmsprop"
        }
        Some(Optimizer::Adam(rule)) => {
            args.extend(adam(&rule, scalars.number));
            "adam"
        }
        Some(Optimizer::AdamW(rule)) => {
            args.extend(adam(&rule.step(), scalars.number));
            "adam"
        }
    };
    enqueue(engine, name, &args, part.range.len() / BLOCK)
}

fn adam(rule: &Adam, number: u64) -> [Arg<'static>; 5] {
    let [first, second] = corrections(rule, number);
    let Adam { beta1, beta2, epsilon, .. } = *rule;
    [beta1, beta2, epsilon, first, second].map(Arg::Float)
}

/// `Update` in `kernels/update.cl`.
fn words(engine: &ClEngine, part: &ParamRange, scalars: &UpdateScalars) -> Result<[u32; 10]> {
    let sizes = [part.range.start, part.range.len() / BLOCK, engine.sizes.params];
    let [offset, count, length] = words::words(sizes)?;
    let has_average = scalars.decay.is_some().into();
    let decay = scalars.decay.unwrap_or(0.0);
    let [penalty, kept, lr] = part.rule.map_or([0.0; 3], |rule| [rule.penalty(), rule.kept(), rule.lr()]);
    let [decay, scale, limit, penalty, kept, lr] =
        [decay, scalars.scale, scalars.limit, penalty, kept, lr].map(f32::to_bits);
    Ok([offset, count, length, has_average, decay, scale, limit, penalty, kept, lr])
}

/// The Euclidean norm of all trained parameters' gradients: sums of squares from the device, added
/// up in f64.
pub(super) fn norm(engine: &ClEngine, pending: &PendingUpdate) -> Result<f64> {
    let trained = || pending.ranges().filter(|part| part.rule.is_some());
    let items = |part: &ParamRange| (part.range.len() / BLOCK).div_ceil(SPAN);
    let mut sums = vec![0f32; trained().map(|part| items(&part)).sum()];
    let partial = engine.partial.at_least(sums.len())?;
    let mut first = 0;
    for part in trained() {
        let args = [
            Arg::Buffer(&engine.buffers.grads),
            Arg::Int(part.range.start),
            Arg::Int(part.range.len() / BLOCK),
            Arg::Int(SPAN),
            Arg::Buffer(&partial),
            Arg::Int(first),
        ];
        enqueue(engine, "gradient_squares", &args, items(&part))?;
        first += items(&part);
    }
    engine.queue.read(&partial, 0, &mut sums)?;
    Ok(sums.into_iter().map(f64::from).sum::<f64>().sqrt())
}

fn enqueue(engine: &ClEngine, name: &'static str, args: &[Arg], items: usize) -> Result<()> {
    let mut kernels = engine.kernels.borrow_mut();
    kernels.get(0, name, Source::Layers, String::new)?.launch(&engine.queue, args, [items, 1, 1])
}
