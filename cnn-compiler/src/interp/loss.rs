//! Losses of one sample and their gradients.

use super::Tensor;
use cnn_plan::LossKind;

/// A loss with its factor, the sample's target and those of the whole batch.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub kind: &'a LossKind,
    pub weight: f32,
    pub target: &'a [f64],
    pub targets: &'a [Vec<f64>],
}

impl Case<'_> {
    fn class_weight(&self, class: usize) -> f64 {
        match self.kind {
            LossKind::CrossEntropy { class_weights: Some(weights), .. } => weights[class] as f64,
            _ => 1.0,
        }
    }

    /// What each output is compared with.
    fn goals(&self) -> Vec<f64> {
        let LossKind::CrossEntropy { smoothing, .. } = *self.kind else { return self.target.to_vec() };
        let (smoothing, classes) = (smoothing as f64, self.target.len() as f64);
        let goal = |(class, &hard): (usize, &f64)| {
            self.class_weight(class) * ((1.0 - smoothing) * hard + smoothing / classes)
        };
        self.target.iter().enumerate().map(goal).collect()
    }

    /// The loss's factor over the mean weight of the batch's classes.
    fn factor(&self) -> f64 {
        let LossKind::CrossEntropy { .. } = self.kind else { return self.weight as f64 };
        let weight = |(class, &hard): (usize, &f64)| hard * self.class_weight(class);
        let sum: f64 = self.targets.iter().flat_map(|target| target.iter().enumerate().map(weight)).sum();
        self.weight as f64 * self.targets.len() as f64 / sum
    }
}

fn log_sum_exp(logits: &Tensor) -> f64 {
    let largest = logits.data.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + logits.data.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
}

pub fn loss(case: Case, logits: &Tensor) -> Tensor {
    let classes = logits.data.len();
    let norm = log_sum_exp(logits);
    let parts = logits.data.iter().zip(case.goals()).map(|(&z, target)| match *case.kind {
        LossKind::CrossEntropy { .. } => target * (norm - z),
        LossKind::MeanSquared => (z - target).powi(2) / classes as f64,
        LossKind::MeanAbsolute => (z - target).abs() / classes as f64,
        LossKind::Huber { delta } => {
            let (d, delta) = ((z - target).abs(), delta as f64);
            let loss = if d <= delta { d * d / 2.0 } else { delta * (d - delta / 2.0) };
            loss / classes as f64
        }
        LossKind::BinaryCrossEntropy => ((1.0 + z.exp()).ln() - z * target) / classes as f64,
    });
    Tensor { shape: vec![1], data: vec![case.factor() * parts.sum::<f64>()] }
}

pub fn loss_grad(case: Case, logits: &Tensor) -> Tensor {
    let classes = logits.data.len();
    let norm = log_sum_exp(logits);
    let targets = case.goals();
    let mass: f64 = targets.iter().sum();
    let data = logits.data.iter().zip(targets).map(|(&z, target)| match *case.kind {
        LossKind::CrossEntropy { .. } => mass * (z - norm).exp() - target,
        LossKind::MeanSquared => 2.0 * (z - target) / classes as f64,
        LossKind::MeanAbsolute if z == target => 0.0,
        LossKind::MeanAbsolute => (z - target).signum() / classes as f64,
        LossKind::Huber { delta } => (z - target).clamp(-delta as f64, delta as f64) / classes as f64,
        LossKind::BinaryCrossEntropy => (1.0 / (1.0 + (-z).exp()) - target) / classes as f64,
    });
    let grad = Tensor { shape: logits.shape.clone(), data: data.collect() };
    grad.map(|value| value * case.factor() / case.targets.len() as f64)
}
