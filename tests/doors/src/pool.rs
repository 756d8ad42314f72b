//! Pooling and its gradient: each output is a sum of inputs under its window, each times a share.

use cnn_runtime::plan::{Map, Pool, PoolGrad, PoolKind, Shaped, Window, even_window};

use crate::{
    conv::covered,
    machine::Machine,
    values::{Place, Values, places},
};

/// An input that an output depends on, and how much of it the output takes.
struct Part {
    place: Place,
    share: f64,
}

/// A pooling from maps of one shape to maps of another.
struct Pooling<'a> {
    kind: PoolKind,
    window: &'a Window,
    x: &'a Map,
    y: &'a Map,
}

impl Pooling<'_> {
    /// What an output is made of; `x` is asked only for the largest of its elements.
    fn parts(&self, x: impl Fn(Place) -> f64, output: Place) -> Vec<Part> {
        let places = self.places(output);
        let evenly = |places: Vec<Place>, count: usize| -> Vec<Part> {
            places.into_iter().map(|place| Part { place, share: 1.0 / count as f64 }).collect()
        };
        match self.kind {
            PoolKind::Max => {
                let largest = places.into_iter().reduce(|best, next| larger(&x, best, next));
                largest.into_iter().map(|place| Part { place, share: 1.0 }).collect()
            }
            PoolKind::Avg { count_include_pad: true } => evenly(places, self.padded_area(output)),
            PoolKind::Avg { count_include_pad: false } | PoolKind::AdaptiveAvg => {
                let count = places.len();
                evenly(places, count)
            }
        }
    }

    /// The inputs under the window of an output, in row-major order.
    fn places(&self, [channel, row, column]: Place) -> Vec<Place> {
        let [rows, columns] = [self.line(0, row), self.line(1, column)];
        let of_row = |row: usize| columns.iter().map(move |&column| [channel, row, column]);
        rows.iter().flat_map(|&row| of_row(row)).collect()
    }

    /// The inputs along one axis, 0 for rows, under the window of an output.
    fn line(&self, axis: usize, output: usize) -> Vec<usize> {
        let [inputs, outputs] = [self.x, self.y].map(|map| map.shape()[axis + 1]);
        match self.kind {
            PoolKind::AdaptiveAvg => even_window(output, outputs, inputs).collect(),
            PoolKind::Max | PoolKind::Avg { .. } => {
                let taps = 0..self.window.kernel[axis];
                taps.filter_map(|tap| covered(self.window, axis, output, tap, inputs)).collect()
            }
        }
    }

    /// Elements of the padded input under the window of an output.
    fn padded_area(&self, [_, row, column]: Place) -> usize {
        let side = |axis: usize, output: usize| {
            let Window { kernel, stride, pad, pad_end, .. } = self.window;
            let padded = self.x.shape()[axis + 1] + pad[axis] + pad_end[axis];
            kernel[axis].min(padded - output * stride[axis])
        };
        side(0, row) * side(1, column)
    }
}

/// The place of the larger of two elements: the first of equals, and NaN beats any number.
pub(crate) fn larger(x: impl Fn(Place) -> f64, first: Place, second: Place) -> Place {
    if x(first).is_nan() || x(second) <= x(first) { first } else { second }
}

pub(crate) fn forward(machine: &Machine, step: &Pool) {
    let pooling = Pooling { kind: step.kind, window: &step.window, x: &step.x, y: &step.y };
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        let sum = |parts: Vec<Part>| parts.iter().map(|part| part.share * x.at(part.place)).sum();
        let y = Values::of(step.y.shape(), |output| sum(pooling.parts(|place| x.at(place), output)));
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

pub(crate) fn grad(machine: &Machine, step: &PoolGrad) {
    let pooling = Pooling { kind: step.kind, window: &step.window, x: &step.dx, y: &step.dy };
    for sample in machine.samples() {
        let x = step.x.map(|x| machine.load(sample, &x));
        let x = |place| x.as_ref().expect("the input of a maximum").at(place);
        let dy = machine.load(sample, &step.dy);
        let mut dx = Values::zeros(step.dx.shape());
        for output in places(step.dy.shape()) {
            for Part { place, share } in pooling.parts(x, output) {
                dx.add(place, share * dy.at(output));
            }
        }
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}
