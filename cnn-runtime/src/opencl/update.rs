//! Optimizer steps by `kernels/update.cl`, one launch for each stretch of parameters that are
//! treated alike.

use super::{
    engine::ClEngine,
    kernels::{Arg, Source},
    memory::Buffers,
    words,
};
use crate::{
    engine::Due,
    error::{Error, Result},
    optim::{Adam, Moment, Optimizer, Stretch, Update, corrections, stretches},
    plan::{BLOCK, Param},
};

/// Blocks whose squares one work-item adds up.
const SPAN: usize = 256;

/// Makes an update.
pub(super) fn run(engine: &ClEngine, due: &Due) -> Result<()> {
    let Due { update, number, params } = *due;
    let moment = Moment::of(&update, number, || norm(engine, &update, params))?;
    let average = update.optimizer.slots() * engine.sizes.params;
    stretches(update, params).try_for_each(|stretch| launch(engine, &stretch, &moment, average))
}

/// `gradients = share * gradients + (1 - share) * aside`
pub(super) fn merge(engine: &ClEngine, share: f32) -> Result<()> {
    let Buffers { grads, aside, .. } = &engine.buffers;
    let aside = aside.as_ref().ok_or_else(|| Error::Usage("no gradients were set aside to merge".into()))?;
    let blocks = engine.sizes.grads / BLOCK;
    let args = [Arg::Buffer(grads), Arg::Buffer(aside), Arg::Int(blocks), Arg::Float(share)];
    enqueue(engine, "merge", &args, blocks)
}

fn launch(engine: &ClEngine, stretch: &Stretch, moment: &Moment, average: usize) -> Result<()> {
    let Buffers { params, grads, state, .. } = &engine.buffers;
    let words = words(engine, stretch, moment)?;
    let [params, grads, state] = [params, grads, state].map(Arg::Buffer);
    let mut args = vec![params, grads, state, Arg::Offset(average), Arg::Words(&words)];
    let name = match stretch.rule {
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
            let [first, second] = corrections(&rule, moment.number);
            let Adam { beta1, beta2, epsilon, .. } = rule;
            args.extend([beta1, beta2, epsilon, first, second].map(Arg::Float));
            "adam"
        }
    };
    enqueue(engine, name, &args, stretch.range.len() / BLOCK)
}

/// `Update` in `kernels/update.cl`.
fn words(engine: &ClEngine, stretch: &Stretch, moment: &Moment) -> Result<[u32; 10]> {
    let sizes = [stretch.range.start, stretch.range.len() / BLOCK, engine.sizes.params];
    let [offset, count, length] = words::words(sizes)?;
    let has_average = moment.decay.is_some().into();
    let decay = moment.decay.unwrap_or(0.0);
    let [penalty, kept, lr] = stretch.rule.map_or([0.0; 3], |rule| [rule.penalty(), rule.kept(), rule.lr()]);
    let [decay, scale, limit, penalty, kept, lr] =
        [decay, moment.scale, moment.limit, penalty, kept, lr].map(f32::to_bits);
    Ok([offset, count, length, has_average, decay, scale, limit, penalty, kept, lr])
}

/// The Euclidean norm of all trained parameters' gradients: sums of squares from the device, added
/// up in f64.
fn norm(engine: &ClEngine, update: &Update, params: &'static [Param]) -> Result<f64> {
    let trained = || stretches(*update, params).filter(|stretch| stretch.rule.is_some());
    let items = |stretch: &Stretch| (stretch.range.len() / BLOCK).div_ceil(SPAN);
    let mut sums = vec![0f32; trained().map(|stretch| items(&stretch)).sum()];
    let partial = engine.partial.at_least(sums.len())?;
    let mut first = 0;
    for stretch in trained() {
        let args = [
            Arg::Buffer(&engine.buffers.grads),
            Arg::Int(stretch.range.start),
            Arg::Int(stretch.range.len() / BLOCK),
            Arg::Int(SPAN),
            Arg::Buffer(&partial),
            Arg::Int(first),
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
