//! Losses of each sample against its label, with the gradients of its scores.
//!
//! None overflows for finite scores; NaN and infinite scores reach the loss.

use super::{frame::Frame, memory::Span};
use crate::plan::{Loss, LossKind};

/// What the powers of a score cost, in multiply-accumulates.
const POWER: u64 = 1000;

/// Runs [`Loss`].
pub(super) fn run(frame: &Frame, step: &'static Loss) {
    let work = POWER * step.logits.channels as u64;
    frame.each_sample(1, work, &|sample, _| one(frame, step, sample));
}

fn one(frame: &Frame, step: &Loss, sample: usize) {
    let labels = &frame.memory.labels[..frame.pass.batch];
    let label = labels[sample] as usize;
    let scores = Scores::new(frame.map(sample, &step.logits), step.logits.channels, label, step.kind);
    let weight = step.weight as f64 / mean_class_weight(step.kind, labels);
    let loss = frame.map(sample, &step.loss);
    loss.set(0, (weight * scores.loss()) as f32);
    loss.set(1, (scores.best == label) as u8 as f32);
    let Some(grad) = &step.grad else { return };
    let (grad, scale) = (frame.map(sample, grad), weight / frame.pass.batch as f64);
    (0..scores.classes).for_each(|class| grad.set(class, (scale * scores.slope(class)) as f32));
}

/// Over the batch's labels.
fn mean_class_weight(kind: LossKind, labels: &[u32]) -> f64 {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = kind else { return 1.0 };
    labels.iter().map(|&label| weights[label as usize] as f64).sum::<f64>() / labels.len() as f64
}

/// The scores of one sample.
struct Scores<'a> {
    values: Span<'a>,
    classes: usize,
    label: usize,
    kind: LossKind,
    /// The first class of the largest score, and that score.
    best: usize,
    largest: f64,
    /// `sum exp(z - largest)`, for cross-entropy.
    total: f64,
    /// The sum of all targets.
    mass: f64,
}

impl<'a> Scores<'a> {
    fn new(values: Span<'a>, classes: usize, label: usize, kind: LossKind) -> Scores<'a> {
        let z = |class: usize| values.get(class) as f64;
        let best = (1..classes).fold(0, |best, class| if z(class) > z(best) { class } else { best });
        let largest = z(best);
        let total = match kind {
            LossKind::CrossEntropy { .. } => (0..classes).map(|class| (z(class) - largest).exp()).sum(),
            LossKind::MeanSquared | LossKind::BinaryCrossEntropy => 0.0,
        };
        let scores = Scores { values, classes, label, kind, best, largest, total, mass: 1.0 };
        match kind {
            LossKind::CrossEntropy { class_weights: Some(_), .. } => {
                let mass = (0..classes).map(|class| scores.target(class)).sum();
                Scores { mass, ..scores }
            }
            _ => scores,
        }
    }

    fn z(&self, class: usize) -> f64 {
        self.values.get(class) as f64
    }

    /// `t`, or `q` of cross-entropy.
    fn target(&self, class: usize) -> f64 {
        let hard = (class == self.label) as u8 as f64;
        let LossKind::CrossEntropy { smoothing, class_weights } = self.kind else { return hard };
        let smoothing = smoothing as f64;
        let weight = class_weights.map_or(1.0, |weights| weights[class] as f64);
        weight * ((1.0 - smoothing) * hard + smoothing / self.classes as f64)
    }

    fn loss(&self) -> f64 {
        let classes = 0..self.classes;
        match self.kind {
            LossKind::CrossEntropy { .. } => {
                let targets =
                    classes.map(|class| (self.target(class), class)).filter(|(target, _)| *target > 0.0);
                let below = targets.map(|(target, class)| target * (self.largest - self.z(class)));
                self.mass * self.total.ln() + below.sum::<f64>()
            }
            LossKind::MeanSquared => {
                let squares = classes.map(|class| (self.z(class) - self.target(class)).powi(2));
                squares.sum::<f64>() / self.classes as f64
            }
            LossKind::BinaryCrossEntropy => {
                let of = |class| softplus(if class == self.label { -self.z(class) } else { self.z(class) });
                classes.map(of).sum::<f64>() / self.classes as f64
            }
        }
    }

    /// The derivative of the loss by a score.
    fn slope(&self, class: usize) -> f64 {
        let z = self.z(class);
        match self.kind {
            LossKind::CrossEntropy { .. } => {
                self.mass * (z - self.largest).exp() / self.total - self.target(class)
            }
            LossKind::MeanSquared => 2.0 * (z - self.target(class)) / self.classes as f64,
            LossKind::BinaryCrossEntropy => {
                (1.0 / (1.0 + (-z).exp()) - self.target(class)) / self.classes as f64
            }
        }
    }
}

/// `log(1 + exp(z))`
fn softplus(z: f64) -> f64 {
    let above = if z > 0.0 { z } else { 0.0 };
    above + (-z.abs()).exp().ln_1p()
}
