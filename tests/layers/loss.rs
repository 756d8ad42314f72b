//! Losses: their values, correctness and the gradients of the scores.

use cnn_runtime::__testing::{
    engine::{Engine, LossSums, Pass, Sizes},
    plan::{Arena, Layout, Loss, LossKind, Map, StepRef},
};

use crate::{backend::backends, scene::Scene, tensor::Tensor};

const KINDS: [LossKind; 4] = [
    LossKind::CROSS_ENTROPY,
    LossKind::CrossEntropy { smoothing: 0.1, class_weights: None },
    LossKind::MeanSquared,
    LossKind::BinaryCrossEntropy,
];

/// Loss of one sample's scores, and its gradient.
fn reference(kind: LossKind, scores: &[f64], label: usize) -> (f64, Vec<f64>) {
    let count = scores.len() as f64;
    let hard = |class: usize| (class == label) as u8 as f64;
    let numbered = || scores.iter().copied().enumerate();
    match kind {
        LossKind::CrossEntropy { smoothing, class_weights } => {
            let smoothing = smoothing as f64;
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            let weight = |class: usize| class_weights.map_or(1.0, |weights| weights[class] as f64);
            let target = |class| weight(class) * ((1.0 - smoothing) * hard(class) + smoothing / count);
            let mass: f64 = (0..scores.len()).map(target).sum();
            let loss = numbered().map(|(class, z)| target(class) * (largest + total.ln() - z)).sum();
            (loss, numbered().map(|(class, z)| mass * (z - largest).exp() / total - target(class)).collect())
        }
        LossKind::MeanSquared => {
            let loss = numbered().map(|(class, z)| (z - hard(class)).powi(2) / count).sum();
            (loss, numbered().map(|(class, z)| 2.0 * (z - hard(class)) / count).collect())
        }
        LossKind::BinaryCrossEntropy => {
            let of = |(class, z): (usize, f64)| z.max(0.0) - z * hard(class) + (-z.abs()).exp().ln_1p();
            let loss = numbered().map(|term| of(term) / count).sum();
            (loss, numbered().map(|(class, z)| (1.0 / (1.0 + (-z).exp()) - hard(class)) / count).collect())
        }
    }
}

/// By which a batch's samples are divided: the mean weight of their classes.
fn mean_class_weight(kind: LossKind, labels: &[u32]) -> f64 {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = kind else { return 1.0 };
    labels.iter().map(|&label| weights[label as usize] as f64).sum::<f64>() / labels.len() as f64
}

fn check(mut scene: Scene, kind: LossKind, scores: &Tensor, labels: &[u32], weight: f32, with_grad: bool) {
    let [batch, classes, _, _] = scores.shape;
    let logits = scene.given(scores, Layout::Blocked);
    let loss = scene.place([2, 1, 1], Layout::Blocked);
    let grad = with_grad.then(|| scene.place([classes, 1, 1], Layout::Blocked));
    scene.labels(labels);
    let (mut losses, mut gradients) = (Vec::new(), Vec::new());
    let factor = weight as f64 / mean_class_weight(kind, labels);
    for (sample, &label) in scores.data.chunks(classes).zip(labels) {
        let (loss, gradient) = reference(kind, sample, label as usize);
        let largest = sample.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let first = sample.iter().position(|&score| score == largest);
        losses.extend([factor * loss, (first == Some(label as usize)) as u8 as f64]);
        gradients.extend(gradient.iter().map(|slope| factor * slope / batch as f64));
    }
    let step = &*Box::leak(Box::new(Loss { name: "loss", kind, logits, loss, grad, weight }));
    scene.step(StepRef::Loss(step));
    scene.expect(loss, Tensor { shape: [batch, 2, 1, 1], data: losses });
    if let Some(grad) = grad {
        scene.expect(grad, Tensor { shape: [batch, classes, 1, 1], data: gradients });
    }
    scene.check(&(kind, classes, weight, with_grad));
}

#[test]
fn random_scores() {
    for (seed, (batch, classes)) in [(1, 10), (7, 10), (5, 1), (3, 17), (2, 1000)].into_iter().enumerate() {
        for (kind, with_grad) in KINDS.into_iter().flat_map(|kind| [(kind, true), (kind, false)]) {
            let mut scene = Scene::new(seed as u64, batch);
            let scores = scene.normal([batch, classes, 1, 1]);
            let labels: Vec<u32> = (0..batch).map(|_| scene.stream.below(classes) as u32).collect();
            check(scene, kind, &scores, &labels, 1.0 - seed as f32 / 10.0, with_grad);
        }
    }
}

#[test]
fn weights_of_classes() {
    const WEIGHTS: &[f32] = &[1.0, 0.25, 3.0, 0.5, 2.0];
    for (seed, (batch, smoothing)) in [(1, 0.0), (7, 0.0), (4, 0.2)].into_iter().enumerate() {
        let kind = LossKind::CrossEntropy { smoothing, class_weights: Some(WEIGHTS) };
        let mut scene = Scene::new(seed as u64, batch);
        let scores = scene.normal([batch, WEIGHTS.len(), 1, 1]);
        let labels: Vec<u32> = (0..batch).map(|_| scene.stream.below(WEIGHTS.len()) as u32).collect();
        check(scene, kind, &scores, &labels, 0.7, true);
    }
}

#[test]
fn scores_beyond_the_range_of_exp() {
    let data = vec![1e4, -1e4, 0.0, -3e38, 3e38, 0.0, 90.0, 89.0, 91.0];
    let scores = Tensor { shape: [3, 3, 1, 1], data };
    check(Scene::new(0, 3), LossKind::CROSS_ENTROPY, &scores, &[0, 1, 2], 1.0, true);
    let data = vec![1e4, -1e4, 0.0, -3e30, 3e30, 0.0, 90.0, 89.0, 91.0];
    let scores = Tensor { shape: [3, 3, 1, 1], data };
    check(Scene::new(0, 3), LossKind::BinaryCrossEntropy, &scores, &[0, 1, 2], 1.0, true);
}

#[test]
fn the_first_of_equal_scores_counts() {
    for kind in KINDS {
        let scores = Tensor { shape: [2, 4, 1, 1], data: [1.0, 2.0, 2.0, 0.0].repeat(2) };
        check(Scene::new(0, 2), kind, &scores, &[1, 2], 1.0, true);
    }
}

#[test]
fn nan_and_infinity_reach_the_loss() {
    let bad = [f64::NAN, f64::INFINITY];
    for (kind, bad) in KINDS.into_iter().flat_map(|kind| bad.map(|bad| (kind, bad))) {
        let mut scene = Scene::new(0, 1);
        let logits = scene.given(&Tensor { shape: [1, 3, 1, 1], data: vec![0.0, bad, 1.0] }, Layout::Blocked);
        let loss = scene.place([2, 1, 1], Layout::Blocked);
        scene.labels(&[0]);
        let weight = 1.0;
        let step = Loss { name: "loss", kind, logits, loss, grad: None, weight };
        let step = &*Box::leak(Box::new(step));
        scene.step(StepRef::Loss(step));
        scene.check_finite(loss, false);
    }
}

/// What an engine sums up of passes that leave these losses for every sample of two losses.
fn sums(engine: &mut dyn Engine, passes: &[f32]) -> LossSums {
    let losses =
        [0, 8].map(|offset| Map { offset, channels: 2, height: 1, width: 1, layout: Layout::Blocked });
    let pass = Pass { batch: 3, arena: Arena { slab: 16, fixed: 0 }, key: None };
    for &loss in passes {
        let stored =
            [loss, 1.0, f32::NAN, f32::NAN, f32::NAN, f32::NAN, f32::NAN, f32::NAN].repeat(pass.batch);
        losses.iter().for_each(|map| engine.write_map(&pass, map, &stored).expect("written"));
        engine.add_losses(&pass, &losses).expect("added");
    }
    engine.take_losses().expect("taken")
}

#[test]
fn sums_over_passes_have_the_digits_of_f64() {
    let sizes = Sizes { params: 0, grads: 0, state: 0, arena: 3 * 16, batch: 3 };
    let passes: Vec<f32> = [1e6].into_iter().chain([1e-3; 99]).collect();
    let total = 6.0 * passes.iter().map(|&loss| loss as f64).sum::<f64>();
    for make in backends().iter().flat_map(|backend| &backend.variants) {
        let engine = &mut *make(&sizes).expect("engine");
        let LossSums { loss, correct } = sums(engine, &passes);
        assert!(
            (loss - total).abs() < 1e-6 && correct == 3 * 100,
            "{loss} instead of {total}, {correct} correct"
        );
        assert!(sums(engine, &[1.0, f32::NAN, 1.0]).loss.is_nan());
        assert_eq!(sums(engine, &[f32::INFINITY, 1.0]).loss, f64::INFINITY);
        assert_eq!(sums(engine, &[0.5]), LossSums { loss: 3.0, correct: 3 }, "taken sums start anew");
    }
}
