//! Element-wise chains, and sums of gradients that belong to no other topic.

use cnn_runtime::plan::{AddGradient, Elementwise, PreluSums, Shaped, padded};

use crate::{
    machine::{Machine, by_channel},
    values::places,
};

/// All that happens is in the epilogue.
pub(crate) fn forward(machine: &Machine, step: &Elementwise) {
    for sample in machine.samples() {
        machine.store(sample, &step.y, step.epilogue, &machine.load(sample, &step.x));
    }
}

/// `dslope[c] = sum dy * min(x, 0)`, over all channels too if they share one slope.
pub(crate) fn prelu_sums(machine: &Machine, step: &PreluSums) {
    let mut sums = vec![0.0; padded(step.x.channels)];
    for sample in machine.samples() {
        for place in places(step.x.shape()) {
            let x = machine.get(sample, &step.x, place);
            let below = if x > 0.0 { 0.0 } else { x };
            sums[place[0]] += machine.get(sample, &step.dy, place) * below;
        }
    }
    if step.shared {
        sums = by_channel(1, |_| sums.iter().sum());
    }
    machine.set_grads(step.slope, &sums);
}

pub(crate) fn add_gradient(machine: &Machine, step: &AddGradient) {
    for at in 0..step.len {
        let [first, second] = [step.first, step.second].map(|place| machine.grads[place + at].get());
        machine.grads[step.sum + at].set(first + second);
    }
}
