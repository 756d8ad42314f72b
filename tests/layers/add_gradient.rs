//! The sum of what two readers of a parameter contribute to its gradient.

use cnn_runtime::__testing::plan::{AddGradient, Layout, StepRef, padded};

use crate::{scene::Scene, tensor::Tensor};

fn check(seed: u64, len: usize) {
    let mut scene = Scene::new(seed, 2);
    // No engine is without an arena.
    scene.place([1, 1, 1], Layout::Blocked);
    let [(number, sum, before), (_, part, more)] = [(); 2].map(|()| {
        let gradient = scene.normal([len, 1, 1, 1]);
        let (number, place) = scene.vector(&gradient);
        scene.give_gradient(number, &gradient);
        (number, place, gradient)
    });
    let step = &*Box::leak(Box::new(AddGradient { name: "shared", sum, part, len: padded(len) }));
    scene.step(StepRef::AddGradient(step));
    let sums = before.data.iter().zip(&more.data).map(|(a, b)| a + b).collect();
    scene.expect_sums(number, Tensor { data: sums, ..before }, 2);
    scene.check(&len);
}

#[test]
fn lengths() {
    for (seed, len) in [1, 8, 13, 1000, 16_384, 40_001].into_iter().enumerate() {
        check(seed as u64, len);
    }
}
