//! Losses of one sample and their gradients.

use super::Tensor;
use cnn_plan::LossKind;

/// A loss with its factor, the sample's label and those of the whole batch.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    pub kind: &'a LossKind,
    pub weight: f32,
    pub label: usize,
    pub labels: &'a [usize],
}

impl Case<'_> {
    fn class_weight(&self, class: usize) -> f64 {
        match self.kind {
            LossKind::CrossEntropy { class_weights: Some(weights), .. } => weights[class] as f64,
            _ => 1.0,
        }
    }

    /// The target of each class.
    fn targets(&self, classes: usize) -> Vec<f64> {
        let smoothing = match self.kind {
            LossKind::CrossEntropy { smoothing, .. } => *smoothing as f64,
            LossKind::MeanSquared | LossKind::BinaryCrossEntropy => 0.0,
        };
        let hard = |class: usize| if class == self.label { 1.0 - smoothing } else { 0.0 };
        (0..classes)
            .map(|class| self.class_weight(class) * (hard(class) + smoothing / classes as f64))
            .collect()
    }

    /// The loss's factor over the mean weight of the batch's labels.
    fn factor(&self) -> f64 {
        let sum: f64 = self.labels.iter().map(|&label| self.class_weight(label)).sum();
        self.weight as f64 * self.labels.len() as f64 / sum
    }
}

fn log_sum_exp(logits: &Tensor) -> f64 {
    let largest = logits.data.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + logits.data.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
}

pub fn loss(case: Case, logits: &Tensor) -> Tensor {
    let classes = logits.data.len();
    let norm = log_sum_exp(logits);
    let parts = logits.data.iter().zip(case.targets(classes)).map(|(&z, target)| match case.kind {
        LossKind::CrossEntropy { .. } => target * (norm - z),
        LossKind::MeanSquared => (z - target).powi(2) / classes as f64,
        LossKind::BinaryCrossEntropy => ((1.0 + z.exp()).ln() - z * target) / classes as f64,
    });
    Tensor { shape: vec![1], data: vec![case.factor() * parts.sum::<f64>()] }
}

pub fn loss_grad(case: Case, logits: &Tensor) -> Tensor {
    let classes = logits.data.len();
    let norm = log_sum_exp(logits);
    let targets = case.targets(classes);
    let mass: f64 = targets.iter().sum();
    let data = logits.data.iter().zip(targets).map(|(&z, target)| match case.kind {
        LossKind::CrossEntropy { .. } => mass * (z - norm).exp() - target,
        LossKind::MeanSquared => 2.0 * (z - target) / classes as f64,
        LossKind::BinaryCrossEntropy => (1.0 / (1.0 + (-z).exp()) - target) / classes as f64,
    });
    let grad = Tensor { shape: logits.shape.clone(), data: data.collect() };
    grad.map(|value| value * case.factor() / case.labels.len() as f64)
}
