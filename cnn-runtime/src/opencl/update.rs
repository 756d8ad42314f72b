//! Optimizer steps by `kernels/update.cl`, one launch for each stretch of parameters that are treated alike.

use super::{
    engine::ClEngine,
    kernels::{Arg, Source},
    memory::Buffers,
};
use crate::{
    engine::Due,
    error::Result,
    optim::{Adam, Moment, Optimizer, Stretch, Update, corrections, stretches},
    plan::{BLOCK, Param},
};

/// Blocks whose squares one work-item adds up.
const SPAN: usize = 256;

/// Makes the update that is due.
pub(super) fn run(engine: &ClEngine, due: &Due) -> Result<()> {
    let Due { update, number, params } = *due;
    let moment = Moment::of(&update, number, || norm(engine, &update, params))?;
    let average = update.optimizer.slots() * engine.sizes.params;
    stretches(update, params).try_for_each(|stretch| launch(engine, &stretch, &moment, average))
}

/// `gradients = share * gradients + (1 - share) * aside`
pub(super) fn merge(engine: &ClEngine, share: f32) -> Result<()> {
    let Buffers { grads, aside, .. } = &engine.buffers;
    let aside = aside.as_ref().expect("gradients were set aside");
    let blocks = engine.sizes.grads / BLOCK;
    let args = [Arg::Buffer(grads), Arg::Buffer(aside), Arg::Uint(blocks as u32), Arg::Float(share)];
    enqueue(engine, "merge", &args, blocks)
}

fn launch(engine: &ClEngine, stretch: &Stretch, moment: &Moment, average: usize) -> Result<()> {
    let Buffers { params, grads, state, .. } = &engine.buffers;
    let words = words(engine, stretch, moment, average);
    let mut args = vec![Arg::Buffer(params), Arg::Buffer(grads), Arg::Buffer(state), Arg::Words(&words)];
    let name = match stretch.rule {
        None => "average_only",
        Some(Optimizer::Sgd(rule)) => {
            args.extend([Arg::Float(rule.momentum), Arg::Uint(rule.nesterov.into())]);
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
            args.push(Arg::Uint(rule.centered.into()));
            "rmsprop"
        }
        Some(Optimizer::Adam(rule)) => {
            args.extend(adam(&rule, moment.number));
            "adam"
        }
        Some(Optimizer::AdamW(rule)) => {
            args.extend(adam(&rule.step(), moment.number));
            "adam"
        }
    };
    enqueue(engine, name, &args, stretch.range.len() / BLOCK)
}

fn adam(rule: &Adam, number: u64) -> [Arg<'static>; 5] {
    let [first, second] = corrections(rule, number);
    let Adam { beta1, beta2, epsilon, .. } = *rule;
    [beta1, beta2, epsilon, first, second].map(Arg::Float)
}

/// `Update` in `kernels/update.cl`.
fn words(engine: &ClEngine, stretch: &Stretch, moment: &Moment, average: usize) -> [u32; 10] {
    let [offset, count] = [stretch.range.start, stretch.range.len() / BLOCK].map(|place| place as u32);
    let average = moment.decay.map_or(u32::MAX, |_| average as u32);
    let decay = moment.decay.unwrap_or(0.0);
    let [penalty, kept, lr] = stretch.rule.map_or([0.0; 3], |rule| [rule.penalty(), rule.kept(), rule.lr()]);
    let [decay, scale, limit, penalty, kept, lr] =
        [decay, moment.scale, moment.limit, penalty, kept, lr].map(f32::to_bits);
    [offset, count, engine.sizes.params as u32, average, decay, scale, limit, penalty, kept, lr]
}

/// The Euclidean norm of all trained parameters' gradients: sums of squares from the device, added up in f64.
fn norm(engine: &ClEngine, update: &Update, params: &'static [Param]) -> Result<f64> {
    let trained = || stretches(*update, params).filter(|stretch| stretch.rule.is_some());
    let items = |stretch: &Stretch| (stretch.range.len() / BLOCK).div_ceil(SPAN);
    let mut sums = vec![0f32; trained().map(|stretch| items(&stretch)).sum()];
    let partial = engine.partial.at_least(sums.len())?;
    let mut first = 0;
    for stretch in trained() {
        let [offset, count] =
            [stretch.range.start, stretch.range.len() / BLOCK].map(|at| Arg::Uint(at as u32));
        let span = Arg::Uint(SPAN as u32);
        let args = [
            Arg::Buffer(&engine.buffers.grads),
            offset,
            count,
            span,
            Arg::Buffer(&partial),
            Arg::Uint(first as u32),
        ];
        enqueue(engine, "gradient_squares", &args, items(&stretch))?;
        first += items(&stretch);
    }
    engine.queue.read(&partial, 0, &mut sums)?;
    Ok(sums.into_iter().map(f64::from).sum::<f64>().sqrt())
}

fn enqueue(engine: &ClEngine, name: &'static str, args: &[Arg], items: usize) -> Result<()> {
    let mut kernels = engine.kernels.borrow_mut();
    kernels.get(0, name, Source::Layers, String::new)?.launch(&engine.queue, args, [items, 1, 1])
}
