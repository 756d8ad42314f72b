//! Losses of each sample against its target, with the gradients of its outputs.
//!
//! None overflows for finite outputs; NaN and infinite ones reach the loss.

use super::{frame::Frame, memory::Span};
use crate::{
    loss,
    plan::{Loss, LossKind, TargetKind},
};

/// What the powers of an output cost, in multiply-accumulates.
const POWER: u64 = 1000;

/// Runs [`Loss`].
pub(super) fn run(frame: &Frame, step: &'static Loss) {
    let work = POWER * step.logits.channels as u64;
    frame.each_sample(1, work, &|sample, _| one(frame, step, sample));
}

fn one(frame: &Frame, step: &Loss, sample: usize) {
    let outputs = Outputs::new(frame, step, sample);
    let weight = step.weight as f64 / mean_class_weight(frame, step);
    let loss = frame.map(sample, &step.loss);
    loss.set(0, (weight * outputs.loss()) as f32);
    loss.set(1, outputs.are_right() as u8 as f32);
    let Some(grad) = &step.grad else { return };
    let (grad, scale) = (frame.map(sample, grad), weight / frame.pass.batch as f64);
    (0..outputs.count).for_each(|output| grad.set(output, (scale * outputs.slope(output)) as f32));
}

/// Over the batch's classes.
fn mean_class_weight(frame: &Frame, step: &Loss) -> f64 {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = step.kind else { return 1.0 };
    let classes = &frame.memory.targets[..frame.pass.batch];
    classes.iter().map(|&class| weights[class as usize] as f64).sum::<f64>() / classes.len() as f64
}

/// What a sample's outputs are compared with.
#[derive(Clone, Copy)]
enum Target<'a> {
    Class(usize),
    /// A number for each output, in its bits.
    Values(&'a [u32]),
    Labels(&'a [u32]),
}

impl Target<'_> {
    fn at(self, output: usize) -> f64 {
        match self {
            Target::Class(class) => (output == class) as u8 as f64,
            Target::Values(words) | Target::Labels(words) => f32::from_bits(words[output]) as f64,
        }
    }
}

/// The outputs of one sample.
struct Outputs<'a> {
    values: Span<'a>,
    count: usize,
    target: Target<'a>,
    kind: LossKind,
    /// The first of the largest outputs, and its value.
    best: usize,
    largest: f64,
    /// `sum exp(z - largest)`, for cross-entropy.
    total: f64,
    /// The sum of all goals.
    mass: f64,
}

impl<'a> Outputs<'a> {
    fn new(frame: &'a Frame, step: &Loss, sample: usize) -> Outputs<'a> {
        let (values, count, kind) = (frame.map(sample, &step.logits), step.logits.channels, step.kind);
        let numbers = step.target.len(count);
        let words = &frame.memory.targets[sample * numbers..][..numbers];
        let target = match step.target {
            TargetKind::Class => Target::Class(words[0] as usize),
            TargetKind::Values => Target::Values(words),
            TargetKind::Labels => Target::Labels(words),
        };
        let z = |output: usize| values.get(output) as f64;
        let best = (1..count).fold(0, |best, output| if z(output) > z(best) { output } else { best });
        let largest = z(best);
        let outputs = Outputs { values, count, target, kind, best, largest, total: 0.0, mass: 1.0 };
        match kind {
            LossKind::CrossEntropy { class_weights, .. } => {
                let total = (0..count).map(|class| (z(class) - largest).exp()).sum();
                let mass = class_weights.map_or(1.0, |_| (0..count).map(|class| outputs.goal(class)).sum());
                Outputs { total, mass, ..outputs }
            }
            LossKind::MeanSquared
            | LossKind::MeanAbsolute
            | LossKind::Huber { .. }
            | LossKind::BinaryCrossEntropy => outputs,
        }
    }

    fn z(&self, output: usize) -> f64 {
        self.values.get(output) as f64
    }

    /// `t`, or `q` of cross-entropy.
    fn goal(&self, output: usize) -> f64 {
        let hard = self.target.at(output);
        let LossKind::CrossEntropy { smoothing, class_weights } = self.kind else { return hard };
        let smoothing = smoothing as f64;
        let weight = class_weights.map_or(1.0, |weights| weights[output] as f64);
        weight * ((1.0 - smoothing) * hard + smoothing / self.count as f64)
    }

    /// Whether the answer is right, see [`Loss`].
    fn are_right(&self) -> bool {
        match self.target {
            Target::Class(class) => self.best == class,
            Target::Values(_) => false,
            Target::Labels(_) => {
                (0..self.count).all(|label| (self.z(label) > 0.0) == (self.target.at(label) > 0.5))
            }
        }
    }

    fn loss(&self) -> f64 {
        match self.kind {
            LossKind::CrossEntropy { .. } => {
                let goals = (0..self.count).map(|class| (self.goal(class), class));
                let goals = goals.filter(|(goal, _)| *goal > 0.0);
                let below = goals.map(|(goal, class)| goal * (self.largest - self.z(class)));
                self.mass * self.total.ln() + below.sum::<f64>()
            }
            kind => {
                let term = |output| loss::term(kind, self.z(output), self.target.at(output));
                (0..self.count).filter_map(term).sum::<f64>() / self.count as f64
            }
        }
    }

    /// The derivative of the loss by an output.
    fn slope(&self, output: usize) -> f64 {
        let (z, count) = (self.z(output), self.count as f64);
        let beyond = z - self.goal(output);
        match self.kind {
            LossKind::CrossEntropy { .. } => {
                self.mass * (z - self.largest).exp() / self.total - self.goal(output)
            }
            LossKind::MeanSquared => 2.0 * beyond / count,
            LossKind::MeanAbsolute if beyond == 0.0 => 0.0,
            LossKind::MeanAbsolute => beyond / beyond.abs() / count,
            LossKind::Huber { delta } => beyond.clamp(-delta as f64, delta as f64) / count,
            LossKind::BinaryCrossEntropy => (1.0 / (1.0 + (-z).exp()) - self.target.at(output)) / count,
        }
    }
}
