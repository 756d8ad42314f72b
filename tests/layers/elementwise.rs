//! Chains of element-wise operations, into another map and in place, and activations at the ends of
//! their range.

use cnn_runtime::__testing::plan::{Act, Elementwise, Elt, Layout, StepRef};

use crate::{
    scene::Scene,
    tail::{self, TAILS, Tail},
    tensor::Tensor,
};

const ACTS: [Act; 12] = [
    Act::Relu,
    Act::Relu6,
    Act::LeakyRelu(0.01),
    Act::Elu(1.0),
    Act::Sigmoid,
    Act::HardSigmoid,
    Act::Tanh,
    Act::Softplus(1.0),
    Act::Silu,
    Act::HardSwish,
    Act::Gelu,
    Act::GeluTanh,
];

fn check(seed: u64, batch: usize, shape: [usize; 3], tail: &[Tail], in_place: bool) {
    let mut scene = Scene::new(seed, batch);
    let values = scene.normal([batch, shape[0], shape[1], shape[2]]);
    check_values(scene, values, tail, in_place);
}

fn check_values(mut scene: Scene, values: Tensor, tail: &[Tail], in_place: bool) {
    let x = scene.given(&values, Layout::Blocked);
    let y = if in_place { x } else { scene.place([x.channels, x.height, x.width], Layout::Blocked) };
    let mut want = values;
    let ops = scene.tail(tail, y, &mut want);
    let step = &*Box::leak(Box::new(Elementwise { name: "elementwise", x, y, epilogue: ops }));
    scene.step(StepRef::Elementwise(step));
    scene.expect(y, want);
    scene.check(&(tail, in_place));
}

#[test]
fn chains() {
    for (seed, tail) in TAILS.iter().enumerate() {
        for (batch, shape) in [(7, [13, 5, 3]), (1, [64, 9, 9]), (2, [3, 1, 1])] {
            check(seed as u64, batch, shape, tail, false);
            check(seed as u64, batch, shape, tail, true);
        }
    }
}

#[test]
fn an_operand_in_the_place_of_the_result_is_read_first() {
    let mut scene = Scene::new(0, 3);
    let (x, mut want) = scene.input([9, 7, 7], Layout::Blocked);
    want.data.iter_mut().for_each(|value| *value += value.max(0.0));
    let ops: &[Elt] = Box::leak(Box::new([Elt::Act(Act::Relu), Elt::Add(x)]));
    let step = &*Box::leak(Box::new(Elementwise { name: "elementwise", x, y: x, epilogue: ops }));
    scene.step(StepRef::Elementwise(step));
    scene.expect(x, want);
    scene.check(&"relu(x) + x in place");
}

#[test]
fn activations_everywhere() {
    let points =
        [0.0, -0.0, 1e-30, -1e-30, 1e-6, -1e-3, 0.3, -0.6, 2.0, -9.0, 20.0, -30.0, 88.0, -87.0, 1e4, -1e4];
    for act in ACTS {
        let scene = Scene::new(0, 1);
        let dense = (-400..400).map(|step| step as f64 / 32.0);
        let values: Vec<f64> = points.into_iter().chain(dense).map(|x| x as f32 as f64).collect();
        let values = Tensor { shape: [1, 1, 1, values.len()], data: values };
        check_values(scene, values, &[Tail::Act(act)], false);
    }
}

#[test]
fn derivatives_everywhere() {
    for act in ACTS {
        let mut scene = Scene::new(0, 1);
        // A grid that misses the kinks.
        let far = [-1e30, -1e15, -1e4, 1e4, 1e15, 1e30];
        let places = (-400..400).map(|step| (step as f64 + 0.5) / 32.0).chain(far);
        let at = |x: f64| if act.slope_follows_value() { tail::act(act, x) } else { x };
        let data: Vec<f64> = places.map(|x| at(x) as f32 as f64).collect();
        let at = Tensor { shape: [1, 1, 1, data.len()], data };
        let mut want = at.clone();
        want.data.iter_mut().for_each(|value| *value = tail::slope(act, *value));
        let ones = Tensor { data: vec![1.0; at.data.len()], ..at.clone() };
        let [x, at] = [&ones, &at].map(|values| scene.given(values, Layout::Blocked));
        let ops: &[Elt] = Box::leak(Box::new([Elt::ActGrad(act, at)]));
        let step = &*Box::leak(Box::new(Elementwise { name: "elementwise", x, y: x, epilogue: ops }));
        scene.step(StepRef::Elementwise(step));
        scene.expect(x, want);
        scene.check(&act);
    }
}

#[test]
fn activations_of_nan_and_infinity() {
    for act in ACTS {
        let scene = Scene::new(0, 1);
        let special = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0];
        let values = Tensor { shape: [1, 1, 1, special.len()], data: special };
        check_values(scene, values, &[Tail::Act(act)], false);
    }
}

#[test]
fn small_outputs_keep_their_relative_accuracy() {
    for act in [Act::Sigmoid, Act::Tanh, Act::Elu(1.0), Act::Silu, Act::Gelu, Act::GeluTanh] {
        for magnitude in [1e-8, 1e-5, 1e-3] {
            let scene = Scene::new(0, 1);
            let values = (-40..40).map(|step| (step as f64 * magnitude) as f32 as f64 * 2500.0);
            let data: Vec<f64> = values.map(|x| (x / 2500.0) as f32 as f64).collect();
            let values = Tensor { shape: [1, 1, 1, data.len()], data };
            check_values(scene, values, &[Tail::Act(act)], false);
        }
    }
}
