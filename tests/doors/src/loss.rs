//! Losses of each sample against its target, with the gradients of its outputs.

use cnn_runtime::plan::{Loss, LossKind, Map, TargetKind};

use crate::{
    activation::{sigmoid, softplus},
    machine::Machine,
};

/// The outputs of a sample, and what they are compared with.
struct Case {
    kind: LossKind,
    /// Outputs.
    z: Vec<f64>,
    /// A target for each output: of a class, the one-hot vector.
    t: Vec<f64>,
}

pub(crate) fn run(machine: &Machine, step: &Loss) {
    let weight = f64::from(step.weight) / mean_class_weight(machine, step);
    for sample in machine.samples() {
        let case = case(machine, step, sample);
        machine.set(sample, &step.loss, [0, 0, 0], weight * case.loss());
        machine.set(sample, &step.loss, [1, 0, 0], f64::from(u8::from(case.is_right(step.target))));
        if let Some(grad) = &step.grad {
            store_grad(machine, sample, grad, weight / machine.pass.batch as f64, &case);
        }
    }
}

fn store_grad(machine: &Machine, sample: usize, grad: &Map, scale: f64, case: &Case) {
    for (output, slope) in case.slopes().into_iter().enumerate() {
        machine.set(sample, grad, [output, 0, 0], scale * slope);
    }
}

fn case(machine: &Machine, step: &Loss, sample: usize) -> Case {
    let outputs = step.logits.channels;
    let z = (0..outputs).map(|output| machine.get(sample, &step.logits, [output, 0, 0])).collect();
    let numbers = step.target.len(outputs);
    let words = &machine.targets[sample * numbers..][..numbers];
    let t = match step.target {
        TargetKind::Class => {
            (0..outputs).map(|output| f64::from(u8::from(output == words[0] as usize))).collect()
        }
        TargetKind::Values | TargetKind::Labels => {
            words.iter().map(|&word| f64::from(f32::from_bits(word))).collect()
        }
    };
    Case { kind: step.kind, z, t }
}

/// The mean weight of the batch's classes; 1 where classes have none.
fn mean_class_weight(machine: &Machine, step: &Loss) -> f64 {
    let LossKind::CrossEntropy { class_weights: Some(weights), .. } = step.kind else { return 1.0 };
    let classes = &machine.targets[..machine.pass.batch];
    let sum: f64 = classes.iter().map(|&class| f64::from(weights[class as usize])).sum();
    sum / classes.len() as f64
}

impl Case {
    /// Outputs and targets in pairs.
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.z.iter().copied().zip(self.t.iter().copied())
    }

    /// The number of outputs.
    fn count(&self) -> f64 {
        self.z.len() as f64
    }

    fn loss(&self) -> f64 {
        let sum = match self.kind {
            LossKind::CrossEntropy { smoothing, class_weights } => {
                let (logs, goals) = (self.log_softmax(), self.goals(smoothing, class_weights));
                // A goal of 0 has no share in the loss, even of an infinite logarithm.
                let parts = logs.iter().zip(goals).filter(|(_, goal)| *goal > 0.0);
                return parts.map(|(log, goal)| -goal * log).sum();
            }
            LossKind::MeanSquared => self.pairs().map(|(z, t)| (z - t).powi(2)).sum::<f64>(),
            LossKind::MeanAbsolute => self.pairs().map(|(z, t)| (z - t).abs()).sum(),
            LossKind::Huber { delta } => self.pairs().map(|(z, t)| huber(z - t, delta.into())).sum(),
            LossKind::BinaryCrossEntropy => self.pairs().map(|(z, t)| softplus(z) - z * t).sum(),
        };
        sum / self.count()
    }

    /// The derivatives of the loss by the outputs.
    fn slopes(&self) -> Vec<f64> {
        let slope =
            |of: &dyn Fn(f64, f64) -> f64| self.pairs().map(|(z, t)| of(z, t) / self.count()).collect();
        match self.kind {
            LossKind::CrossEntropy { smoothing, class_weights } => {
                let goals = self.goals(smoothing, class_weights);
                let mass: f64 = goals.iter().sum();
                self.log_softmax().iter().zip(goals).map(|(log, goal)| mass * log.exp() - goal).collect()
            }
            LossKind::MeanSquared => slope(&|z, t| 2.0 * (z - t)),
            LossKind::MeanAbsolute => slope(&|z, t| if z == t { 0.0 } else { (z - t).signum() }),
            LossKind::Huber { delta } => slope(&|z, t| (z - t).clamp(-f64::from(delta), delta.into())),
            LossKind::BinaryCrossEntropy => slope(&|z, t| sigmoid(z) - t),
        }
    }

    /// `q` of cross-entropy.
    fn goals(&self, smoothing: f32, class_weights: Option<&[f32]>) -> Vec<f64> {
        let smoothing = f64::from(smoothing);
        let weight = |class| class_weights.map_or(1.0, |weights: &[f32]| f64::from(weights[class]));
        let smoothed = |t: f64| (1.0 - smoothing) * t + smoothing / self.count();
        self.t.iter().enumerate().map(|(class, &t)| weight(class) * smoothed(t)).collect()
    }

    fn log_softmax(&self) -> Vec<f64> {
        let largest = self.z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = self.z.iter().map(|z| (z - largest).exp()).sum();
        self.z.iter().map(|z| z - largest - total.ln()).collect()
    }

    fn is_right(&self, target: TargetKind) -> bool {
        match target {
            TargetKind::Class => {
                let better = |best: usize, next: usize| if self.z[next] > self.z[best] { next } else { best };
                self.t[(0..self.z.len()).fold(0, better)] == 1.0
            }
            TargetKind::Values => false,
            TargetKind::Labels => self.pairs().all(|(z, t)| (z > 0.0) == (t > 0.5)),
        }
    }
}

/// Huber's function of a difference.
fn huber(difference: f64, delta: f64) -> f64 {
    let distance = difference.abs();
    if distance <= delta { distance * distance / 2.0 } else { delta * (distance - delta / 2.0) }
}
