//! The gradient of a parametric ReLU's slopes; the layer itself is a tail.

use cnn_runtime::__testing::plan::{Layout, PreluSums, StepRef};

use crate::{
    scene::Scene,
    tensor::{Tensor, indices},
};

fn check(seed: u64, batch: usize, shape: [usize; 3], shared: bool) {
    let mut scene = Scene::new(seed, batch);
    let (x, x_values) = scene.input(shape, Layout::Blocked);
    let (dy, dy_values) = scene.input(shape, Layout::Blocked);
    let mut want = Tensor::zeros([if shared { 1 } else { shape[0] }, 1, 1, 1]);
    for place in indices(x_values.shape) {
        let slope = if shared { 0 } else { place[1] };
        want.data[slope] += dy_values[place] * x_values[place].min(0.0);
    }
    let (number, slope) = scene.vector(&want);
    let step = &*Box::leak(Box::new(PreluSums { name: "prelu", x, dy, slope, shared }));
    scene.step(StepRef::PreluSums(step));
    let terms = batch * shape[1] * shape[2] * if shared { shape[0] } else { 1 };
    scene.expect_sums(number, want, terms);
    scene.check(&(batch, shape, shared));
}

#[test]
fn small_shapes() {
    of_shapes(&[[1, 1, 1], [11, 5, 3]]);
}

#[test]
fn shapes() {
    of_shapes(&[[16, 7, 7], [3, 31, 33], [40, 1, 1]]);
}

fn of_shapes(shapes: &[[usize; 3]]) {
    for (seed, &shape) in shapes.iter().enumerate() {
        for (batch, shared) in [(1, false), (7, false), (1, true), (7, true)] {
            check(seed as u64, batch, shape, shared);
        }
    }
}
