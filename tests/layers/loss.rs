//! Softmax cross-entropy: losses, correctness and the gradient of the scores.

use cnn_runtime::plan::{CrossEntropy, Layout};

use crate::{scene::Scene, tensor::Tensor};

/// Loss, correctness and gradient of one sample's scores.
fn reference(scores: &[f64], label: usize, weight: f64, batch: usize) -> ([f64; 2], Vec<f64>) {
    let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
    let loss = weight * (largest + total.ln() - scores[label]);
    let first = scores.iter().position(|&score| score == largest);
    let gradient = scores.iter().enumerate().map(|(class, score)| {
        weight * ((score - largest).exp() / total - (class == label) as u8 as f64) / batch as f64
    });
    ([loss, (first == Some(label)) as u8 as f64], gradient.collect())
}

fn check(mut scene: Scene, scores: &Tensor, labels: &[u32], weight: f32, with_grad: bool) {
    let [batch, classes, _, _] = scores.shape;
    let logits = scene.given(scores, Layout::Blocked);
    let loss = scene.place([2, 1, 1], Layout::Blocked);
    let grad = with_grad.then(|| scene.place([classes, 1, 1], Layout::Blocked));
    scene.labels(labels);
    let (mut losses, mut gradients) = (Vec::new(), Vec::new());
    for (sample, &label) in scores.data.chunks(classes).zip(labels) {
        let (loss, gradient) = reference(sample, label as usize, weight as f64, batch);
        losses.extend(loss);
        gradients.extend(gradient);
    }
    let step = &*Box::leak(Box::new(CrossEntropy { name: "loss", logits, loss, grad, weight }));
    scene.sample_step(move |steps| steps.cross_entropy(step));
    scene.expect(loss, Tensor { shape: [batch, 2, 1, 1], data: losses });
    if let Some(grad) = grad {
        scene.expect(grad, Tensor { shape: [batch, classes, 1, 1], data: gradients });
    }
    scene.check(&(classes, weight, with_grad));
}

#[test]
fn random_scores() {
    for (seed, (batch, classes)) in [(1, 10), (7, 10), (5, 1), (3, 17), (2, 1000)].into_iter().enumerate() {
        for with_grad in [true, false] {
            let mut scene = Scene::new(seed as u64, batch);
            let scores = scene.normal([batch, classes, 1, 1]);
            let labels: Vec<u32> = (0..batch).map(|_| scene.stream.below(classes) as u32).collect();
            check(scene, &scores, &labels, 1.0 - seed as f32 / 10.0, with_grad);
        }
    }
}

#[test]
fn scores_beyond_the_range_of_exp() {
    let scores = vec![1e4, -1e4, 0.0, -3e38, 3e38, 0.0, 90.0, 89.0, 91.0];
    let scene = Scene::new(0, 3);
    check(scene, &Tensor { shape: [3, 3, 1, 1], data: scores }, &[0, 1, 2], 1.0, true);
}

#[test]
fn the_first_of_equal_scores_counts() {
    let scene = Scene::new(0, 2);
    let scores = Tensor { shape: [2, 4, 1, 1], data: [1.0, 2.0, 2.0, 0.0].repeat(2) };
    check(scene, &scores, &[1, 2], 1.0, true);
}

#[test]
fn nan_and_infinity_reach_the_loss() {
    for bad in [f64::NAN, f64::INFINITY] {
        let mut scene = Scene::new(0, 1);
        let logits = scene.given(&Tensor { shape: [1, 3, 1, 1], data: vec![0.0, bad, 1.0] }, Layout::Blocked);
        let loss = scene.place([2, 1, 1], Layout::Blocked);
        scene.labels(&[0]);
        let weight = 1.0;
        let step = CrossEntropy { name: "loss", logits, loss, grad: None, weight };
        let step = &*Box::leak(Box::new(step));
        scene.sample_step(move |steps| steps.cross_entropy(step));
        scene.check_finite(loss, false);
    }
}
