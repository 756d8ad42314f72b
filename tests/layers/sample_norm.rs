//! Norms of each sample: statistics, the norm, and the gradients of all three operands.

use cnn_runtime::__testing::plan::{
    Layout, Map, Role, SampleAxes, SampleNorm, SampleNormGrad, SampleNormSums, SampleScaleGrad, SampleStats,
    StepRef, padded,
};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

/// What scales and shifts there are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Affine {
    None,
    Channels,
    Elements,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    shape: [usize; 3],
    axes: SampleAxes,
    affine: Affine,
    /// Mean of the input, whose deviation is about 1.
    mean: f64,
    eps: f32,
    tail: &'static [Tail],
}

const BASE: Case = Case {
    batch: 3,
    shape: [12, 5, 3],
    axes: SampleAxes::Groups(3),
    affine: Affine::Channels,
    mean: 0.5,
    eps: 1e-3,
    tail: &[],
};

impl Case {
    /// Where the first of the elements stands that share a mean with one.
    fn leader(&self, [sample, channel, row, column]: [usize; 4]) -> [usize; 4] {
        match self.axes {
            SampleAxes::Groups(groups) => {
                let size = self.shape[0] / groups;
                [sample, channel / size * size, 0, 0]
            }
            SampleAxes::Channels => [sample, 0, row, column],
        }
    }

    /// For each element, the mean of a function over the elements that share it.
    fn means(&self, value: &Tensor) -> Tensor {
        let (mut sums, mut counts) = (Tensor::zeros(value.shape), Tensor::zeros(value.shape));
        for place in indices(value.shape) {
            sums[self.leader(place)] += value[place];
            counts[self.leader(place)] += 1.0;
        }
        Tensor::from_fn(value.shape, |place| sums[self.leader(place)] / counts[self.leader(place)])
    }

    /// Two numbers of each element as statistics hold them, read off their first element.
    fn pairs(&self, [first, second]: [&Tensor; 2]) -> Tensor {
        let [channels, height, width] = self.shape;
        let both = [first, second];
        match self.axes {
            SampleAxes::Channels => {
                Tensor::from_fn([self.batch, 2, height, width], |[sample, side, row, column]| {
                    both[side][[sample, 0, row, column]]
                })
            }
            _ => Tensor::from_fn([self.batch, 2 * padded(channels), 1, 1], |[sample, at, ..]| {
                let (side, channel) = (at / padded(channels), at % padded(channels));
                if channel < channels { both[side][[sample, channel, 0, 0]] } else { 0.0 }
            }),
        }
    }

    fn pairs_map(&self, scene: &mut Scene) -> Map {
        let [channels, height, width] = self.shape;
        match self.axes {
            SampleAxes::Channels => scene.place([2, height, width], Layout::Blocked),
            _ => scene.place([2 * padded(channels), 1, 1], Layout::Blocked),
        }
    }

    /// The element of a scale or shift that an element of the input meets.
    fn slot(&self, [_, channel, row, column]: [usize; 4]) -> usize {
        let [_, height, width] = self.shape;
        if self.affine == Affine::Elements { (channel * height + row) * width + column } else { channel }
    }

    fn check(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let Case { shape, axes, eps, .. } = *self;
        let mut x_values = scene.normal([self.batch, shape[0], shape[1], shape[2]]);
        x_values.data.iter_mut().for_each(|value| *value = (*value + self.mean) as f32 as f64);
        let each = |of: &dyn Fn([usize; 4]) -> f64| Tensor::from_fn(x_values.shape, of);

        let mean = self.means(&x_values);
        let off = each(&|at| (x_values[at] - mean[at]).powi(2));
        let mut deviation = self.means(&off);
        deviation.data.iter_mut().for_each(|variance| *variance = 1.0 / (*variance + eps as f64).sqrt());
        let normal = each(&|at| (x_values[at] - mean[at]) * deviation[at]);

        let x = scene.given(&x_values, Layout::Blocked);
        let stats = self.pairs_map(&mut scene);
        let step = &*Box::leak(Box::new(SampleStats { name: "norm", x, stats, axes, eps }));
        scene.step(StepRef::SampleStats(step));
        scene.expect(stats, self.pairs([&mean, &deviation]));

        let affine: &'static [usize] = match self.affine {
            Affine::None => &[],
            Affine::Channels => Box::leak(Box::new([shape[0]])),
            Affine::Elements => Box::leak(Box::new(shape)),
        };
        let role = if affine.len() == 1 { Role::Vector } else { Role::Filter };
        let drawn = (!affine.is_empty()).then(|| [0; 2].map(|_| scene.param(affine, role)));
        let of = |side: usize, at: [usize; 4], without: f64| {
            drawn.as_ref().map_or(without, |drawn| drawn[side].2.data[self.slot(at)])
        };
        let [weight, bias] = [0, 1].map(|side| drawn.as_ref().map(|drawn| drawn[side].1));
        let per_element = self.affine == Affine::Elements;

        let y = scene.place(shape, Layout::Blocked);
        let mut want = each(&|at| normal[at] * of(0, at, 1.0) + of(1, at, 0.0));
        let epilogue = scene.tail(self.tail, y, &mut want);
        let step = SampleNorm { name: "norm", x, stats, weight, bias, per_element, y, axes, epilogue };
        scene.step(StepRef::SampleNorm(Box::leak(Box::new(step))));
        scene.expect(y, want);

        let (dy, dy_values) = scene.input(shape, Layout::Blocked);
        let g = each(&|at| dy_values[at] * of(0, at, 1.0));
        let [plain, products] = [self.means(&g), self.means(&each(&|at| g[at] * normal[at]))];
        let sums = self.pairs_map(&mut scene);
        let step = SampleNormSums { name: "norm", x, dy, stats, weight, per_element, sums, axes };
        scene.step(StepRef::SampleNormSums(Box::leak(Box::new(step))));
        scene.expect(sums, self.pairs([&plain, &products]));

        let dx = scene.place(shape, Layout::Blocked);
        let mut want = each(&|at| deviation[at] * (g[at] - plain[at] - normal[at] * products[at]));
        let epilogue = scene.tail(self.tail, dx, &mut want);
        let step =
            SampleNormGrad { name: "norm", x, dy, stats, sums, weight, per_element, dx, axes, epilogue };
        scene.step(StepRef::SampleNormGrad(Box::leak(Box::new(step))));
        scene.expect(dx, want);

        if let Some(drawn) = &drawn {
            let sum = |term: &dyn Fn([usize; 4]) -> f64| {
                let mut sums = Tensor::zeros(drawn[0].2.shape);
                indices(dy_values.shape).for_each(|at| sums.data[self.slot(at)] += term(at));
                sums
            };
            let (dweight, dbias) = (sum(&|at| dy_values[at] * normal[at]), sum(&|at| dy_values[at]));
            let [weight, bias] = [0, 1].map(|side| drawn[side].1);
            let step = SampleScaleGrad { name: "norm", x, stats, dy, weight, bias, per_element, axes };
            scene.step(StepRef::SampleScaleGrad(Box::leak(Box::new(step))));
            let terms = self.batch * if per_element { 1 } else { shape[1] * shape[2] };
            scene.expect_sums(drawn[0].0, dweight, terms);
            scene.expect_sums(drawn[1].0, dbias, terms);
        }
        scene.check(self);
    }
}

#[test]
fn groups_of_any_size() {
    for groups in [1, 2, 3, 6, 12] {
        for affine in [Affine::None, Affine::Channels, Affine::Elements] {
            Case { axes: SampleAxes::Groups(groups), affine, ..BASE }.check(1);
            Case { axes: SampleAxes::Groups(groups), affine, batch: 1, ..BASE }.check(2);
        }
    }
    for (channels, groups) in [(64, 32), (40, 8), (11, 1), (13, 13)] {
        Case { shape: [channels, 4, 3], axes: SampleAxes::Groups(groups), ..BASE }.check(3);
    }
}

#[test]
fn channels_of_each_position() {
    for affine in [Affine::None, Affine::Channels, Affine::Elements] {
        for shape in [[12, 5, 3], [8, 1, 1], [3, 7, 4], [33, 2, 2]] {
            Case { axes: SampleAxes::Channels, affine, shape, ..BASE }.check(4);
        }
    }
}

#[test]
fn flat_values_and_few_positions() {
    for affine in [Affine::Channels, Affine::Elements] {
        Case { shape: [12, 2, 1], affine, ..BASE }.check(10);
    }
    Case { shape: [120, 1, 1], axes: SampleAxes::Groups(1), ..BASE }.check(5);
    Case { shape: [9, 1, 1], axes: SampleAxes::Groups(3), batch: 7, ..BASE }.check(6);
}

#[test]
fn large_maps_on_several_threads() {
    Case { shape: [16, 57, 61], axes: SampleAxes::Groups(4), ..BASE }.check(7);
    Case { shape: [16, 57, 61], axes: SampleAxes::Channels, affine: Affine::Elements, ..BASE }.check(8);
}

#[test]
fn a_large_mean_costs_no_accuracy() {
    for mean in [30.0, -60.0] {
        for axes in [SampleAxes::Groups(3), SampleAxes::Channels] {
            Case { shape: [9, 19, 11], axes, mean, ..BASE }.check(9);
        }
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        Case { tail, ..BASE }.check(seed as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        batch in 1usize..4,
        (groups, size) in (1usize..6, 1usize..6),
        extent in [1usize..6, 2usize..6],
        affine in prop_oneof![Just(Affine::None), Just(Affine::Channels), Just(Affine::Elements)],
        across in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let axes = if across { SampleAxes::Channels } else { SampleAxes::Groups(groups) };
        let shape = [groups * size + usize::from(across), extent[0], extent[1]];
        Case { batch, shape, axes, affine, eps: 1e-1, ..BASE }.check(seed);
    }
}
