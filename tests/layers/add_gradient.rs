//! The sum of what two readers of a parameter contribute to its gradient.

use cnn_runtime::__testing::plan::{AddGradient, Layout, StepRef, padded};

use crate::{scene::Scene, tensor::Tensor};

/// A sum in a place of its own, or in that of its first part.
fn check(seed: u64, len: usize, in_place: bool) {
    let mut scene = Scene::new(seed, 2);
    // No engine is without an arena.
    scene.place([1, 1, 1], Layout::Blocked);
    let [(number, place, before), (_, second, more), (apart, other, _)] = [(); 3].map(|()| {
        let gradient = scene.normal([len, 1, 1, 1]);
        let (number, place) = scene.vector(&gradient);
        scene.give_gradient(number, &gradient);
        (number, place, gradient)
    });
    let (number, sum) = if in_place { (number, place) } else { (apart, other) };
    let step = AddGradient { name: "shared", sum, first: place, second, len: padded(len) };
    scene.step(StepRef::AddGradient(Box::leak(Box::new(step))));
    let sums = before.data.iter().zip(&more.data).map(|(a, b)| a + b).collect();
    scene.expect_sums(number, Tensor { data: sums, ..before }, 2);
    scene.check(&(len, in_place));
}

#[test]
fn lengths() {
    for (seed, len) in [1, 8, 13, 1000, 16_384, 40_001].into_iter().enumerate() {
        for in_place in [false, true] {
            check(seed as u64, len, in_place);
        }
    }
}
