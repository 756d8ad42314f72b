//! What batch norm sums over the batch (Ioffe and Szegedy 2015). The rest of the layer is
//! element-wise, see [`crate::epilogue`].

use cnn_runtime::plan::{BatchNormSums, BatchStats, Map, padded};

use crate::{
    machine::{Machine, by_channel, write},
    values::{Place, places},
};

/// The sum over the batch and all positions of a channel.
fn sum(machine: &Machine, map: &Map, channel: usize, term: impl Fn(usize, Place) -> f64) -> f64 {
    let plane = || places([1, map.height, map.width]);
    let of_sample =
        |sample| plane().map(|[_, row, column]| term(sample, [channel, row, column])).sum::<f64>();
    machine.samples().map(of_sample).sum()
}

/// Statistics of the batch, and what they make of the running ones.
pub(crate) fn stats(machine: &Machine, step: &BatchStats) {
    let x = &step.x;
    let count = (machine.pass.batch * x.height * x.width) as f64;
    let mean = by_channel(x.channels, |channel| {
        sum(machine, x, channel, |sample, place| machine.get(sample, x, place)) / count
    });
    let variance = by_channel(x.channels, |channel| {
        let square = |sample, place| (machine.get(sample, x, place) - mean[channel]).powi(2);
        sum(machine, x, channel, square) / count
    });
    let inverse = by_channel(x.channels, |channel| 1.0 / (variance[channel] + f64::from(step.eps)).sqrt());
    let stats = machine.area(step.stats);
    write(stats, &mean);
    write(&stats[padded(x.channels)..], &inverse);

    let unbiased = count / (count - 1.0).max(1.0);
    let momentum = f64::from(step.momentum);
    let move_to = |running: usize, batch: &dyn Fn(usize) -> f64| {
        let old = |channel| machine.param(running + channel);
        let moved =
            by_channel(x.channels, |channel| (1.0 - momentum) * old(channel) + momentum * batch(channel));
        write(&machine.params[running..], &moved);
    };
    move_to(step.running_mean, &|channel| mean[channel]);
    move_to(step.running_var, &|channel| variance[channel] * unbiased);
}

/// Gradients of scale and shift.
pub(crate) fn sums(machine: &Machine, step: &BatchNormSums) {
    let (x, dy) = (&step.x, &step.dy);
    let stats = machine.area(step.stats);
    let dbeta = by_channel(x.channels, |channel| {
        sum(machine, x, channel, |sample, place| machine.get(sample, dy, place))
    });
    let dgamma = by_channel(x.channels, |channel| {
        let [mean, inverse] = [0, padded(x.channels)].map(|start| f64::from(stats[start + channel].get()));
        sum(machine, x, channel, |sample, place| {
            machine.get(sample, dy, place) * (machine.get(sample, x, place) - mean) * inverse
        })
    });
    machine.set_grads(step.beta, &dbeta);
    machine.set_grads(step.gamma, &dgamma);
}
