//! Losses of one sample and their gradients.

use super::Tensor;
use crate::ir::LossKind;

/// The target of each class.
fn targets(kind: LossKind, classes: usize, label: usize) -> impl Iterator<Item = f64> {
    let (on, off) = match kind {
        LossKind::CrossEntropy { smoothing } => {
            let smoothing = smoothing as f64;
            (1.0 - smoothing + smoothing / classes as f64, smoothing / classes as f64)
        }
        LossKind::MeanSquared | LossKind::BinaryCrossEntropy => (1.0, 0.0),
    };
    (0..classes).map(move |class| if class == label { on } else { off })
}

fn log_sum_exp(logits: &Tensor) -> f64 {
    let largest = logits.data.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + logits.data.iter().map(|z| (z - largest).exp()).sum::<f64>().ln()
}

pub fn loss(kind: LossKind, weight: f32, logits: &Tensor, label: usize) -> Tensor {
    let classes = logits.data.len();
    let norm = log_sum_exp(logits);
    let parts = logits.data.iter().zip(targets(kind, classes, label)).map(|(&z, target)| match kind {
        LossKind::CrossEntropy { .. } => target * (norm - z),
        LossKind::MeanSquared => (z - target).powi(2) / classes as f64,
        LossKind::BinaryCrossEntropy => ((1.0 + z.exp()).ln() - z * target) / classes as f64,
    });
    Tensor { shape: vec![1], data: vec![weight as f64 * parts.sum::<f64>()] }
}

pub fn loss_grad(kind: LossKind, weight: f32, logits: &Tensor, label: usize, batch: usize) -> Tensor {
    let classes = logits.data.len();
    let norm = log_sum_exp(logits);
    let data = logits.data.iter().zip(targets(kind, classes, label)).map(|(&z, target)| match kind {
        LossKind::CrossEntropy { .. } => (z - norm).exp() - target,
        LossKind::MeanSquared => 2.0 * (z - target) / classes as f64,
        LossKind::BinaryCrossEntropy => (1.0 / (1.0 + (-z).exp()) - target) / classes as f64,
    });
    let grad = Tensor { shape: logits.shape.clone(), data: data.collect() };
    grad.map(|value| value * weight as f64 / batch as f64)
}
