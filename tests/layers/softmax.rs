//! Softmax over channels and its gradient.

use cnn_runtime::__testing::plan::{Layout, Softmax, SoftmaxGrad, StepRef};

use crate::{
    scene::Scene,
    tail::{TAILS, Tail},
    tensor::{Tensor, indices},
};

/// The channels at the position of an element.
fn channels(of: &Tensor, [sample, _, row, column]: [usize; 4]) -> impl Iterator<Item = f64> {
    (0..of.shape[1]).map(move |channel| of[[sample, channel, row, column]])
}

fn softmax(x: &Tensor) -> Tensor {
    Tensor::from_fn(x.shape, |place| {
        let largest = channels(x, place).fold(f64::NEG_INFINITY, f64::max);
        (x[place] - largest).exp() / channels(x, place).map(|x| (x - largest).exp()).sum::<f64>()
    })
}

fn check(mut scene: Scene, x_values: Tensor, tail: &[Tail]) {
    let [batch, channels, height, width] = x_values.shape;
    let shape = [channels, height, width];
    let x = scene.given(&x_values, Layout::Blocked);
    let y = scene.place(shape, Layout::Blocked);
    let mut want = softmax(&x_values);
    let epilogue = scene.tail(tail, y, &mut want);
    let step = &*Box::leak(Box::new(Softmax { name: "softmax", x, y, epilogue }));
    scene.step(StepRef::Softmax(step));
    scene.expect(y, want);
    scene.check(&("softmax", batch, shape, tail));
}

fn check_grad(mut scene: Scene, shape: [usize; 3], tail: &[Tail]) {
    let batch = scene.batch;
    let (y, y_values) = scene.input(shape, Layout::Blocked);
    let (dy, dy_values) = scene.input(shape, Layout::Blocked);
    let dx = scene.place(shape, Layout::Blocked);
    let mut sums = Tensor::zeros([batch, 1, shape[1], shape[2]]);
    for place @ [sample, _, row, column] in indices(y_values.shape) {
        sums[[sample, 0, row, column]] += y_values[place] * dy_values[place];
    }
    let mut want = Tensor::from_fn(y_values.shape, |place @ [sample, _, row, column]| {
        y_values[place] * (dy_values[place] - sums[[sample, 0, row, column]])
    });
    let epilogue = scene.tail(tail, dx, &mut want);
    let step = &*Box::leak(Box::new(SoftmaxGrad { name: "softmax", y, dy, dx, epilogue }));
    scene.step(StepRef::SoftmaxGrad(step));
    scene.expect(dx, want);
    scene.check(&("softmax gradient", batch, shape, tail));
}

#[test]
fn shapes() {
    for (seed, shape) in
        [[1, 1, 1], [10, 1, 1], [3, 5, 4], [8, 2, 2], [17, 3, 1], [1000, 1, 1]].iter().enumerate()
    {
        for batch in [1, 7] {
            let mut scene = Scene::new(seed as u64, batch);
            let x = scene.normal([batch, shape[0], shape[1], shape[2]]);
            check(scene, x, &[]);
            check_grad(Scene::new(seed as u64, batch), *shape, &[]);
        }
    }
}

#[test]
fn scores_beyond_the_range_of_exp() {
    let data = vec![1e4, -1e4, 0.0, -3e38, 3e38, 0.0, 90.0, 89.0, 91.0, f64::NAN, 1.0, 2.0];
    check(Scene::new(0, 4), Tensor { shape: [4, 3, 1, 1], data }, &[]);
}

#[test]
fn epilogues() {
    for (seed, &tail) in TAILS.iter().enumerate() {
        let mut scene = Scene::new(seed as u64, 3);
        let x = scene.normal([3, 11, 3, 2]);
        check(scene, x, tail);
        check_grad(Scene::new(seed as u64, 3), [11, 3, 2], tail);
    }
}
