//! Channel gates and the gradient of their factors.

use cnn_runtime::__testing::plan::{Gate, GateGrad, Layout, StepRef};

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

fn check(seed: u64, batch: usize, shape: [usize; 3], tail: &[Tail]) {
    let mut scene = Scene::new(seed, batch);
    let (x, x_values) = scene.input(shape, Layout::Blocked);
    let (dy, dy_values) = scene.input(shape, Layout::Blocked);
    let (gate, factors) = scene.input([shape[0], 1, 1], Layout::Blocked);
    let mut want = Tensor::from_fn(x_values.shape, |place @ [sample, channel, ..]| {
        x_values[place] * factors[[sample, channel, 0, 0]]
    });
    let mut want_dgate = Tensor::zeros(factors.shape);
    for place @ [sample, channel, ..] in indices(x_values.shape) {
        want_dgate[[sample, channel, 0, 0]] += x_values[place] * dy_values[place];
    }
    let y = scene.place(shape, Layout::Blocked);
    let epilogue = scene.tail(tail, y, &mut want);
    let step = &*Box::leak(Box::new(Gate { name: "gate", x, gate, y, epilogue }));
    let dgate = scene.place([shape[0], 1, 1], Layout::Blocked);
    let epilogue = scene.tail(tail, dgate, &mut want_dgate);
    let grad = &*Box::leak(Box::new(GateGrad { name: "gate", x, dy, dgate, epilogue }));
    scene.region(move |steps| {
        steps.step(StepRef::Gate(step));
        steps.step(StepRef::GateGrad(grad));
    });
    scene.expect(y, want);
    scene.expect(dgate, want_dgate);
    scene.check(&(batch, shape, tail));
}

#[test]
fn shapes() {
    for (seed, shape) in [[1, 1, 1], [11, 5, 3], [16, 7, 7], [3, 31, 33], [40, 1, 1]].into_iter().enumerate()
    {
        check(seed as u64, 1, shape, &[]);
        check(seed as u64, 7, shape, &[]);
    }
}

#[test]
fn epilogues() {
    for (seed, tail) in TAILS.iter().enumerate() {
        check(seed as u64, 3, [11, 3, 4], tail);
    }
}
