//! Losses: their values, correctness and the gradients of the scores.

use cnn_runtime::__testing::{
    engine::{Engine, LossSums, Pass, Sizes},
    plan::{Arena, LOSSES, Layout, Loss, LossKind, Map, StepRef, TargetKind},
};

use crate::{backend::backends, scene::Scene, tensor::Tensor};

const KINDS: [LossKind; 6] = [
    LossKind::CROSS_ENTROPY,
    LossKind::CrossEntropy { smoothing: 0.1, class_weights: None },
    LossKind::MeanSquared,
    LossKind::MeanAbsolute,
    LossKind::Huber { delta: 0.75 },
    LossKind::BinaryCrossEntropy,
];

/// What the samples' answers should be.
#[derive(Debug)]
enum Goals {
    Classes(Vec<u32>),
    Values(Vec<Vec<f32>>),
    Labels(Vec<Vec<f32>>),
}

impl Goals {
    fn kind(&self) -> TargetKind {
        match self {
            Goals::Classes(_) => TargetKind::Class,
            Goals::Values(_) => TargetKind::Values,
            Goals::Labels(_) => TargetKind::Labels,
        }
    }

    /// The target of a sample, a number for each output.
    fn numbers(&self, sample: usize, outputs: usize) -> Vec<f64> {
        match self {
            Goals::Classes(classes) => {
                (0..outputs).map(|output| (output == classes[sample] as usize) as u8 as f64).collect()
            }
            Goals::Values(all) | Goals::Labels(all) => {
                all[sample].iter().map(|&value| value as f64).collect()
            }
        }
    }

    fn words(&self) -> Vec<u32> {
        match self {
            Goals::Classes(classes) => classes.clone(),
            Goals::Values(all) | Goals::Labels(all) => {
                all.iter().flatten().map(|value| value.to_bits()).collect()
            }
        }
    }

    /// Whether a sample's answer is right.
    fn are_met(&self, sample: usize, scores: &[f64]) -> bool {
        match self {
            Goals::Classes(classes) => {
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                scores.iter().position(|&score| score == largest) == Some(classes[sample] as usize)
            }
            Goals::Values(_) => false,
            Goals::Labels(all) => scores.iter().zip(&all[sample]).all(|(&z, &t)| (z > 0.0) == (t == 1.0)),
        }
    }
}

/// Loss of one sample's scores, and its gradient.
fn reference(kind: LossKind, scores: &[f64], target: &[f64]) -> (f64, Vec<f64>) {
    let count = scores.len() as f64;
    let pairs = || scores.iter().copied().zip(target.iter().copied());
    let mean = |term: &dyn Fn(f64, f64) -> f64, slope: &dyn Fn(f64, f64) -> f64| {
        let loss = pairs().map(|(z, t)| term(z, t) / count).sum();
        (loss, pairs().map(|(z, t)| slope(z, t) / count).collect())
    };
    match kind {
        LossKind::CrossEntropy { smoothing, class_weights } => {
            let smoothing = smoothing as f64;
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            let weight = |class: usize| class_weights.map_or(1.0, |weights| weights[class] as f64);
            let goal = |class| weight(class) * ((1.0 - smoothing) * target[class] + smoothing / count);
            let mass: f64 = (0..scores.len()).map(goal).sum();
            let loss =
                (0..scores.len()).map(|class| goal(class) * (largest + total.ln() - scores[class])).sum();
            let slope = |class: usize| mass * (scores[class] - largest).exp() / total - goal(class);
            (loss, (0..scores.len()).map(slope).collect())
        }
        LossKind::MeanSquared => mean(&|z, t| (z - t).powi(2), &|z, t| 2.0 * (z - t)),
        LossKind::MeanAbsolute => {
            mean(&|z, t| (z - t).abs(), &|z, t| if z == t { 0.0 } else { (z - t).signum() })
        }
        LossKind::Huber { delta } => {
            let delta = delta as f64;
            let far = |d: f64| d.abs() > delta;
            mean(
                &|z, t| {
                    if far(z - t) { delta * ((z - t).abs() - delta / 2.0) } else { (z - t).powi(2) / 2.0 }
                },
                &|z, t| if far(z - t) { delta * (z - t).signum() } else { z - t },
            )
        }
        LossKind::BinaryCrossEntropy => {
            mean(&|z, t| z.max(0.0) - z * t + (-z.abs()).exp().ln_1p(), &|z, t| 1.0 / (1.0 + (-z).exp()) - t)
        }
    }
}

/// By which a batch's samples are divided: the mean weight of their classes.
fn mean_class_weight(kind: LossKind, goals: &Goals) -> f64 {
    match (kind, goals) {
        (LossKind::CrossEntropy { class_weights: Some(weights), .. }, Goals::Classes(labels)) => {
            labels.iter().map(|&label| weights[label as usize] as f64).sum::<f64>() / labels.len() as f64
        }
        _ => 1.0,
    }
}

fn check(mut scene: Scene, kind: LossKind, scores: &Tensor, goals: &Goals, weight: f32, with_grad: bool) {
    let [batch, outputs, _, _] = scores.shape;
    let logits = scene.given(scores, Layout::Blocked);
    let loss = scene.place([2, 1, 1], Layout::Blocked);
    let grad = with_grad.then(|| scene.place([outputs, 1, 1], Layout::Blocked));
    scene.targets(goals.words());
    let (mut losses, mut gradients) = (Vec::new(), Vec::new());
    let factor = weight as f64 / mean_class_weight(kind, goals);
    for (nth, sample) in scores.data.chunks(outputs).enumerate() {
        let (loss, gradient) = reference(kind, sample, &goals.numbers(nth, outputs));
        losses.extend([factor * loss, goals.are_met(nth, sample) as u8 as f64]);
        gradients.extend(gradient.iter().map(|slope| factor * slope / batch as f64));
    }
    let target = goals.kind();
    let step = &*Box::leak(Box::new(Loss { name: "loss", kind, target, logits, loss, grad, weight }));
    scene.step(StepRef::Loss(step));
    scene.expect(loss, Tensor { shape: [batch, 2, 1, 1], data: losses });
    if let Some(grad) = grad {
        scene.expect(grad, Tensor { shape: [batch, outputs, 1, 1], data: gradients });
    }
    scene.check(&(kind, outputs, target, weight, with_grad));
}

/// Random targets of a kind.
fn draw(scene: &mut Scene, kind: TargetKind, batch: usize, outputs: usize) -> Goals {
    let mut each = |draw: &mut dyn FnMut(&mut Scene) -> f32| {
        (0..batch).map(|_| (0..outputs).map(|_| draw(scene)).collect()).collect()
    };
    match kind {
        TargetKind::Values => Goals::Values(each(&mut |scene| scene.stream.normal() as f32)),
        TargetKind::Labels => Goals::Labels(each(&mut |scene| scene.stream.below(2) as f32)),
        TargetKind::Class => Goals::Classes((0..batch).map(|_| scene.stream.below(outputs) as u32).collect()),
    }
}

#[test]
fn random_scores() {
    for (seed, (batch, outputs)) in [(1, 10), (7, 10), (5, 1), (3, 17), (2, 1000)].into_iter().enumerate() {
        for target in [TargetKind::Class, TargetKind::Values, TargetKind::Labels] {
            let kinds = KINDS.into_iter().filter(|kind| kind.takes(target));
            for (kind, with_grad) in kinds.flat_map(|kind| [(kind, true), (kind, false)]) {
                let mut scene = Scene::new(seed as u64, batch);
                let scores = scene.normal([batch, outputs, 1, 1]);
                let goals = draw(&mut scene, target, batch, outputs);
                check(scene, kind, &scores, &goals, 1.0 - seed as f32 / 10.0, with_grad);
            }
        }
    }
}

/// A batch and PyTorch's answer to it, of `goldens/torch_losses.py`.
#[derive(serde::Deserialize)]
struct Golden {
    targets: String,
    loss: String,
    scores: Vec<Vec<f64>>,
    goals: serde_json::Value,
    losses: Vec<f64>,
    gradients: Vec<Vec<f64>>,
}

#[test]
fn losses_are_pytorchs() {
    let file = std::fs::read(cnn_tests::fixture("goldens/losses.json")).unwrap();
    for golden in serde_json::from_slice::<Vec<Golden>>(&file).unwrap() {
        let kind = LOSSES.parse(&golden.loss).unwrap();
        let goals = match golden.targets.as_str() {
            "class" => Goals::Classes(serde_json::from_value(golden.goals).unwrap()),
            "values" => Goals::Values(serde_json::from_value(golden.goals).unwrap()),
            "labels" => Goals::Labels(serde_json::from_value(golden.goals).unwrap()),
            other => panic!("{other}"),
        };
        let (batch, outputs) = (golden.scores.len(), golden.scores[0].len());
        for (nth, scores) in golden.scores.iter().enumerate() {
            let (loss, gradient) = reference(kind, scores, &goals.numbers(nth, outputs));
            approx::assert_relative_eq!(loss, golden.losses[nth], max_relative = 1e-12);
            for (found, &expected) in gradient.iter().zip(&golden.gradients[nth]) {
                approx::assert_relative_eq!(
                    found / batch as f64,
                    expected,
                    epsilon = 1e-15,
                    max_relative = 1e-12
                );
            }
        }
        let mut scene = Scene::new(0, batch);
        scene.set_tolerance(1e-6);
        let scores = Tensor { shape: [batch, outputs, 1, 1], data: golden.scores.concat() };
        check(scene, kind, &scores, &goals, 1.0, true);
    }
}

#[test]
fn an_exact_answer_has_no_slope() {
    for kind in KINDS.into_iter().filter(|kind| kind.takes(TargetKind::Values)) {
        let scores = Tensor { shape: [1, 3, 1, 1], data: vec![0.5, -1.25, 0.0] };
        check(Scene::new(0, 1), kind, &scores, &Goals::Values(vec![vec![0.5, -1.25, 0.0]]), 1.0, true);
    }
}

#[test]
fn all_labels_have_to_be_right() {
    let scores = Tensor { shape: [2, 3, 1, 1], data: [2.0, -1.0, 0.0].repeat(2) };
    let goals = Goals::Labels(vec![vec![1.0, 0.0, 0.0], vec![1.0, 0.0, 1.0]]);
    check(Scene::new(0, 2), LossKind::BinaryCrossEntropy, &scores, &goals, 1.0, true);
}

#[test]
fn weights_of_classes() {
    const WEIGHTS: &[f32] = &[1.0, 0.25, 3.0, 0.5, 2.0];
    for (seed, (batch, smoothing)) in [(1, 0.0), (7, 0.0), (4, 0.2)].into_iter().enumerate() {
        let kind = LossKind::CrossEntropy { smoothing, class_weights: Some(WEIGHTS) };
        let mut scene = Scene::new(seed as u64, batch);
        let scores = scene.normal([batch, WEIGHTS.len(), 1, 1]);
        let goals = draw(&mut scene, TargetKind::Class, batch, WEIGHTS.len());
        check(scene, kind, &scores, &goals, 0.7, true);
    }
}

#[test]
fn scores_beyond_the_range_of_exp() {
    let data = vec![1e4, -1e4, 0.0, -3e38, 3e38, 0.0, 90.0, 89.0, 91.0];
    let scores = Tensor { shape: [3, 3, 1, 1], data };
    check(Scene::new(0, 3), LossKind::CROSS_ENTROPY, &scores, &Goals::Classes(vec![0, 1, 2]), 1.0, true);
    let data = vec![1e4, -1e4, 0.0, -3e30, 3e30, 0.0, 90.0, 89.0, 91.0];
    let scores = Tensor { shape: [3, 3, 1, 1], data };
    check(Scene::new(0, 3), LossKind::BinaryCrossEntropy, &scores, &Goals::Classes(vec![0, 1, 2]), 1.0, true);
}

#[test]
fn the_first_of_equal_scores_counts() {
    for kind in KINDS {
        let scores = Tensor { shape: [2, 4, 1, 1], data: [1.0, 2.0, 2.0, 0.0].repeat(2) };
        check(Scene::new(0, 2), kind, &scores, &Goals::Classes(vec![1, 2]), 1.0, true);
    }
}

#[test]
fn nan_and_infinity_reach_the_loss() {
    let bad = [f64::NAN, f64::INFINITY];
    for (kind, bad) in KINDS.into_iter().flat_map(|kind| bad.map(|bad| (kind, bad))) {
        let mut scene = Scene::new(0, 1);
        let logits = scene.given(&Tensor { shape: [1, 3, 1, 1], data: vec![0.0, bad, 1.0] }, Layout::Blocked);
        let loss = scene.place([2, 1, 1], Layout::Blocked);
        scene.targets(vec![0]);
        let weight = 1.0;
        let step = Loss { name: "loss", kind, target: TargetKind::Class, logits, loss, grad: None, weight };
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
    let sizes = Sizes { params: 0, grads: 0, state: 0, arena: 3 * 16, batch: 3, targets: 0 };
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
