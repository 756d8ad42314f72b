//! Softmax cross-entropy of each sample, with the gradient of its scores.
//!
//! `loss = max + log(sum exp(z - max)) - z[label]` never overflows for finite scores; NaN and infinite scores reach the loss.

use super::frame::Frame;
use crate::plan::CrossEntropy;

/// See [`CrossEntropy`].
pub(super) fn cross_entropy(frame: &Frame, step: &'static CrossEntropy) {
    let work = 20 * step.logits.channels as u64;
    frame.each_sample(1, work, &|sample, _| one(frame, step, sample));
}

fn one(frame: &Frame, step: &CrossEntropy, sample: usize) {
    let classes = step.logits.channels;
    let scores = frame.map(sample, &step.logits);
    let label = frame.memory.labels[sample] as usize;
    let score = |class: usize| scores.get(class) as f64;
    let best = (1..classes).fold(0, |best, class| if score(class) > score(best) { class } else { best });
    let largest = score(best);
    let total: f64 = (0..classes).map(|class| (score(class) - largest).exp()).sum();
    let weight = step.weight as f64;
    let loss = frame.map(sample, &step.loss);
    loss.set(0, (weight * (total.ln() + (largest - score(label)))) as f32);
    loss.set(1, (best == label) as u8 as f32);
    let Some(grad) = &step.grad else { return };
    let (grad, scale) = (frame.map(sample, grad), weight / frame.pass.batch as f64);
    for class in 0..classes {
        let probability = (score(class) - largest).exp() / total;
        let target = (class == label) as u8 as f64;
        grad.set(class, (scale * (probability - target)) as f32);
    }
}
