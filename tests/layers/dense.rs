//! Dense layers, and the gradients of their input, weights and bias.

use cnn_runtime::__testing::plan::{Dense, DenseInputGrad, DenseWeightGrad, Layout, Role, StepRef};
use proptest::prelude::*;

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

#[derive(Clone, Copy, Debug)]
struct Case {
    batch: usize,
    input: [usize; 3],
    outputs: usize,
    layout: Layout,
    bias: bool,
    tail: &'static [Tail],
}

const BASE: Case =
    Case { batch: 7, input: [16, 3, 5], outputs: 24, layout: Layout::Blocked, bias: true, tail: &[] };

/// All products: `([sample, output], [output, feature], [sample, feature])`, features in
/// `[C, H, W]` order.
fn products(x: [usize; 4], outputs: usize, mut visit: impl FnMut([usize; 4], [usize; 4], [usize; 4])) {
    for place @ [sample, channel, row, column] in indices(x) {
        let feature = (channel * x[2] + row) * x[3] + column;
        (0..outputs).for_each(|output| visit([sample, output, 0, 0], [output, feature, 0, 0], place));
    }
}

impl Case {
    fn weight_shape(&self) -> &'static [usize] {
        Box::leak(Box::new([self.outputs, self.input.iter().product()]))
    }

    fn check(&self, seed: u64) {
        self.forward(seed);
        self.input_gradient(seed);
        self.weight_gradient(seed);
    }

    fn forward(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (x, x_values) = scene.input(self.input, self.layout);
        let (_, weight, weights) = scene.param(self.weight_shape(), Role::Weight(x));
        let (_, bias, biases) = scene.param(Box::leak(Box::new([self.outputs])), Role::Vector);
        let y = scene.place([self.outputs, 1, 1], Layout::Blocked);
        let mut want = Tensor::from_fn([self.batch, self.outputs, 1, 1], |place| {
            if self.bias { biases[[place[1], 0, 0, 0]] } else { 0.0 }
        });
        products(x_values.shape, self.outputs, |y, w, x| want[y] += weights[w] * x_values[x]);
        let epilogue = scene.tail(self.tail, y, &mut want);
        let bias = self.bias.then_some(bias);
        let step = &*Box::leak(Box::new(Dense { name: "dense", x, y, weight, bias, epilogue }));
        scene.step(StepRef::Dense(step));
        scene.expect(y, want);
        scene.check(self);
    }

    fn input_gradient(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (dy, dy_values) = scene.input([self.outputs, 1, 1], Layout::Blocked);
        let dx = scene.place(self.input, Layout::Blocked);
        let (_, weight, weights) = scene.param(self.weight_shape(), Role::Weight(dx));
        let mut want = Tensor::zeros([self.batch, dx.channels, dx.height, dx.width]);
        products(want.shape, self.outputs, |y, w, x| want[x] += weights[w] * dy_values[y]);
        let epilogue = scene.tail(self.tail, dx, &mut want);
        let step = &*Box::leak(Box::new(DenseInputGrad { name: "dense", dy, dx, weight, epilogue }));
        scene.step(StepRef::DenseInputGrad(step));
        scene.expect(dx, want);
        scene.check(self);
    }

    fn weight_gradient(&self, seed: u64) {
        let mut scene = Scene::new(seed, self.batch);
        let (x, x_values) = scene.input(self.input, self.layout);
        let (dy, dy_values) = scene.input([self.outputs, 1, 1], Layout::Blocked);
        let (weight_number, weight, weights) = scene.param(self.weight_shape(), Role::Weight(x));
        let (bias_number, bias, _) = scene.param(Box::leak(Box::new([self.outputs])), Role::Vector);
        let mut want = Tensor::zeros(weights.shape);
        products(x_values.shape, self.outputs, |y, w, x| want[w] += dy_values[y] * x_values[x]);
        scene.expect_gradient(weight_number, want);
        if self.bias {
            let mut want = Tensor::zeros([self.outputs, 1, 1, 1]);
            indices(dy_values.shape).for_each(|place| want[[place[1], 0, 0, 0]] += dy_values[place]);
            scene.expect_sums(bias_number, want, self.batch);
        }
        let bias = self.bias.then_some(bias);
        let step = &*Box::leak(Box::new(DenseWeightGrad { name: "dense", x, dy, weight, bias }));
        scene.step(StepRef::DenseWeightGrad(step));
        scene.check(self);
    }
}

#[test]
fn mnist() {
    Case { batch: 13, input: [64, 12, 12], outputs: 128, ..BASE }.check(1);
    Case { batch: 13, input: [128, 1, 1], outputs: 10, ..BASE }.check(2);
}

#[test]
fn single_sample() {
    Case { batch: 1, ..BASE }.check(3);
    Case { batch: 1, input: [3, 2, 2], outputs: 1, bias: false, ..BASE }.check(4);
}

#[test]
fn channels_that_do_not_fill_blocks() {
    for (channels, outputs) in [(1, 1), (3, 5), (12, 17), (20, 9)] {
        Case { input: [channels, 2, 3], outputs, ..BASE }.check(5);
        Case { input: [channels, 2, 3], outputs, layout: Layout::Planar, ..BASE }.check(6);
    }
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        let case = Case { input: [9, 2, 3], outputs: 20, tail, ..BASE };
        case.forward(seed as u64);
        case.input_gradient(seed as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_shape(
        batch in 1usize..20,
        input in [1usize..20, 1usize..4, 1usize..4],
        outputs in 1usize..40,
        (planar, bias) in (any::<bool>(), any::<bool>()),
        seed in any::<u64>(),
    ) {
        let layout = if planar { Layout::Planar } else { Layout::Blocked };
        Case { batch, input, outputs, layout, bias, tail: &[] }.check(seed);
    }
}
