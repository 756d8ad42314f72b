//! Steps across the channels of a position, and gates of whole channels.

use cnn_runtime::plan::{Gate, GateGrad, Maxout, MaxoutGrad, Shaped, Softmax, SoftmaxGrad};

use crate::{
    machine::Machine,
    pool::larger,
    values::{Place, Values, places},
};

/// The place of the largest of the channels of a group.
fn largest(x: &Values, pieces: usize, [channel, row, column]: Place) -> Place {
    let group = (0..pieces).map(|piece| [channel * pieces + piece, row, column]);
    group.reduce(|best, next| larger(|place| x.at(place), best, next)).expect("a group has channels")
}

pub(crate) fn maxout(machine: &Machine, step: &Maxout) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let y = Values::of(step.y.shape(), |place| x.at(largest(&x, step.pieces, place)));
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn maxout_grad(machine: &Machine, step: &MaxoutGrad) {
    for sample in machine.samples() {
        let (x, dy) = (machine.load(sample, &step.x), machine.load(sample, &step.dy));
        let mut dx = Values::zeros(step.dx.shape());
        for place in places(step.dy.shape()) {
            dx.add(largest(&x, step.pieces, place), dy.at(place));
        }
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}

/// The elements of a position.
fn at_position(values: &Values, [_, row, column]: Place) -> impl Iterator<Item = f64> {
    (0..values.shape()[0]).map(move |channel| values.at([channel, row, column]))
}

pub(crate) fn softmax(machine: &Machine, step: &Softmax) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let y = Values::of(step.y.shape(), |place| {
            let largest = at_position(&x, place).fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = at_position(&x, place).map(|x| (x - largest).exp()).sum();
            (x.at(place) - largest).exp() / total
        });
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn softmax_grad(machine: &Machine, step: &SoftmaxGrad) {
    for sample in machine.samples() {
        let (y, dy) = (machine.load(sample, &step.y), machine.load(sample, &step.dy));
        let dx = Values::of(step.dx.shape(), |place| {
            let pairs = at_position(&y, place).zip(at_position(&dy, place));
            y.at(place) * (dy.at(place) - pairs.map(|(y, dy)| y * dy).sum::<f64>())
        });
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}

pub(crate) fn gate(machine: &Machine, step: &Gate) {
    for sample in machine.samples() {
        let (x, gate) = (machine.load(sample, &step.x), machine.load(sample, &step.gate));
        let y = Values::of(step.y.shape(), |place| x.at(place) * gate.at([place[0], 0, 0]));
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn gate_grad(machine: &Machine, step: &GateGrad) {
    for sample in machine.samples() {
        let (x, dy) = (machine.load(sample, &step.x), machine.load(sample, &step.dy));
        let mut dgate = Values::zeros(step.dgate.shape());
        for place in places(step.x.shape()) {
            dgate.add([place[0], 0, 0], dy.at(place) * x.at(place));
        }
        machine.store(sample, &step.dgate, step.epilogue, &dgate);
    }
}
