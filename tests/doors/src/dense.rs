//! Dense layers and their gradients. Weights follow the storage order of the input,
//! `[ceil(O/8)][x.len()][8]`, with zeros where that has padding.

use cnn_runtime::plan::{BLOCK, Dense, DenseInputGrad, DenseWeightGrad, Map, Shaped};

use crate::{
    conv::bias_grad,
    machine::Machine,
    values::{Place, Values, places},
};

/// A weight's place among the packed weights over `x`.
fn packed(x: &Map, output: usize, [channel, row, column]: Place) -> usize {
    (output / BLOCK * x.len() + x.index(channel, row, column)) * BLOCK + output % BLOCK
}

pub(crate) fn forward(machine: &Machine, step: &Dense) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let y = Values::of(step.y.shape(), |[output, ..]| {
            let bias = step.bias.map_or(0.0, |bias| machine.param(bias + output));
            let weight = |place| machine.param(step.weight + packed(&step.x, output, place));
            bias + places(step.x.shape()).map(|place| weight(place) * x.at(place)).sum::<f64>()
        });
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn input_grad(machine: &Machine, step: &DenseInputGrad) {
    for sample in machine.samples() {
        let dy = machine.load(sample, &step.dy);
        let dx = Values::of(step.dx.shape(), |place| {
            let weight = |output| machine.param(step.weight + packed(&step.dx, output, place));
            (0..step.dy.channels).map(|output| weight(output) * dy.at([output, 0, 0])).sum()
        });
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}

pub(crate) fn weight_grad(machine: &Machine, step: &DenseWeightGrad) {
    let mut sums = vec![0.0; step.dy.len() * step.x.len()];
    for sample in machine.samples() {
        let (x, dy) = (machine.load(sample, &step.x), machine.load(sample, &step.dy));
        for output in 0..step.dy.channels {
            for place in places(step.x.shape()) {
                sums[packed(&step.x, output, place)] += dy.at([output, 0, 0]) * x.at(place);
            }
        }
    }
    machine.set_grads(step.weight, &sums);
    if let Some(bias) = step.bias {
        bias_grad(machine, &step.dy, bias);
    }
}
