//! Norms of each sample: group, instance and layer norm.
//!
//! Two numbers belong to each element, statistics or sums of the gradient: over groups of channels
//! there is a pair for each channel, over the channels one for each position.

use cnn_runtime::plan::{
    Map, SampleAxes, SampleNorm, SampleNormGrad, SampleNormSums, SampleScaleGrad, SampleStats, Shaped, padded,
};

use crate::{
    machine::Machine,
    values::{Place, Values, places},
};

/// The places of the two numbers that belong to an element, in a map of pairs.
fn pair(axes: SampleAxes, channels: usize, [channel, row, column]: Place) -> [Place; 2] {
    match axes {
        SampleAxes::Groups(_) => [[channel, 0, 0], [padded(channels) + channel, 0, 0]],
        SampleAxes::Channels => [[0, row, column], [1, row, column]],
    }
}

/// The elements that share statistics with one of a map.
fn together(axes: SampleAxes, map: &Map, [channel, row, column]: Place) -> Vec<Place> {
    match axes {
        SampleAxes::Groups(groups) => {
            let size = map.channels / groups;
            let first = channel / size * size;
            places([size, map.height, map.width]).map(|[c, r, q]| [first + c, r, q]).collect()
        }
        SampleAxes::Channels => (0..map.channels).map(|channel| [channel, row, column]).collect(),
    }
}

/// The elements of which each has a pair of its own.
fn owners(axes: SampleAxes, map: &Map) -> impl Iterator<Item = Place> + use<> {
    match axes {
        SampleAxes::Groups(_) => places([map.channels, 1, 1]),
        SampleAxes::Channels => places([1, map.height, map.width]),
    }
}

/// Writes the pairs of a sample; those of padding stay zero.
fn write_pairs(
    machine: &Machine,
    sample: usize,
    [pairs, x]: [&Map; 2],
    axes: SampleAxes,
    of: impl Fn(&[Place]) -> [f64; 2],
) {
    let mut values = Values::zeros(pairs.shape());
    for owner in owners(axes, x) {
        let numbers = of(&together(axes, x, owner));
        pair(axes, x.channels, owner)
            .iter()
            .zip(numbers)
            .for_each(|(place, value)| values.add(*place, value));
    }
    machine.store(sample, pairs, &[], &values);
}

/// The mean of a function of some elements.
fn mean(places: &[Place], of: impl Fn(Place) -> f64) -> f64 {
    places.iter().map(|&place| of(place)).sum::<f64>() / places.len() as f64
}

/// One sample of a map with its statistics.
struct Normal {
    axes: SampleAxes,
    x: Values,
    stats: Values,
}

impl Normal {
    fn load(machine: &Machine, sample: usize, [x, stats]: [&Map; 2], axes: SampleAxes) -> Normal {
        Normal { axes, x: machine.load(sample, x), stats: machine.load(sample, stats) }
    }

    /// The numbers of a map of pairs that belong to an element.
    fn pair(&self, pairs: &Values, place: Place) -> [f64; 2] {
        pair(self.axes, self.x.shape()[0], place).map(|place| pairs.at(place))
    }

    /// `(x - mean) * inverse`
    fn at(&self, place: Place) -> f64 {
        let [mean, inverse] = self.pair(&self.stats, place);
        (self.x.at(place) - mean) * inverse
    }
}

/// Where the number of an element lies in a scale or shift.
fn affine(x: &Map, per_element: bool, [channel, row, column]: Place) -> usize {
    if per_element { x.index(channel, row, column) } else { channel }
}

pub(crate) fn stats(machine: &Machine, step: &SampleStats) {
    for sample in machine.samples() {
        let x = machine.load(sample, &step.x);
        write_pairs(machine, sample, [&step.stats, &step.x], step.axes, |places| {
            let mean_of_all = mean(places, |place| x.at(place));
            let variance = mean(places, |place| (x.at(place) - mean_of_all).powi(2));
            [mean_of_all, 1.0 / (variance + f64::from(step.eps)).sqrt()]
        });
    }
}

pub(crate) fn forward(machine: &Machine, step: &SampleNorm) {
    for sample in machine.samples() {
        let normal = Normal::load(machine, sample, [&step.x, &step.stats], step.axes);
        let y = Values::of(step.y.shape(), |place| {
            let at = affine(&step.x, step.per_element, place);
            let weight = step.weight.map_or(1.0, |weight| machine.param(weight + at));
            normal.at(place) * weight + step.bias.map_or(0.0, |bias| machine.param(bias + at))
        });
        machine.store(sample, &step.y, step.epilogue, &y);
    }
}

/// `g = dy * weight` of one sample.
fn scaled(machine: &Machine, sample: usize, dy: &Map, weight: Option<usize>, per_element: bool) -> Values {
    Values::of(dy.shape(), |place| {
        let at = affine(dy, per_element, place);
        machine.get(sample, dy, place) * weight.map_or(1.0, |weight| machine.param(weight + at))
    })
}

pub(crate) fn sums(machine: &Machine, step: &SampleNormSums) {
    for sample in machine.samples() {
        let normal = Normal::load(machine, sample, [&step.x, &step.stats], step.axes);
        let g = scaled(machine, sample, &step.dy, step.weight, step.per_element);
        write_pairs(machine, sample, [&step.sums, &step.x], step.axes, |places| {
            let plain = mean(places, |place| g.at(place));
            [plain, mean(places, |place| g.at(place) * normal.at(place))]
        });
    }
}

pub(crate) fn grad(machine: &Machine, step: &SampleNormGrad) {
    for sample in machine.samples() {
        let normal = Normal::load(machine, sample, [&step.x, &step.stats], step.axes);
        let g = scaled(machine, sample, &step.dy, step.weight, step.per_element);
        let sums = machine.load(sample, &step.sums);
        let dx = Values::of(step.dx.shape(), |place| {
            let [_, inverse] = normal.pair(&normal.stats, place);
            let [plain, products] = normal.pair(&sums, place);
            inverse * (g.at(place) - plain - normal.at(place) * products)
        });
        machine.store(sample, &step.dx, step.epilogue, &dx);
    }
}

pub(crate) fn scale_grad(machine: &Machine, step: &SampleScaleGrad) {
    let len = if step.per_element { step.x.len() } else { padded(step.x.channels) };
    let (mut dweight, mut dbias) = (vec![0.0; len], vec![0.0; len]);
    for sample in machine.samples() {
        let normal = Normal::load(machine, sample, [&step.x, &step.stats], step.axes);
        for place in places(step.x.shape()) {
            let (at, dy) = (affine(&step.x, step.per_element, place), machine.get(sample, &step.dy, place));
            dweight[at] += dy * normal.at(place);
            dbias[at] += dy;
        }
    }
    machine.set_grads(step.weight, &dweight);
    machine.set_grads(step.bias, &dbias);
}
