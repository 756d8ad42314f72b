//! The rules of the optimizers, element by element; their formulas are in [`cnn_runtime::optim`].

use cnn_runtime::{
    backend::PendingUpdate,
    optim::{Adadelta, Adagrad, Adam, Optimizer, RmsProp, Sgd, corrections},
};

/// The Euclidean norm of the gradients of all trained parameters; NaN if one is.
pub(crate) fn gradient_norm(pending: &PendingUpdate, grads: &[f32]) -> f64 {
    let trained = pending.ranges().filter(|range| range.rule.is_some());
    let squares = trained.flat_map(|range| &grads[range.range]).map(|&gradient| f64::from(gradient).powi(2));
    squares.sum::<f64>().sqrt()
}

/// Makes an update.
pub(crate) fn run(pending: &PendingUpdate, params: &mut [f32], grads: &[f32], state: &mut [f32]) {
    let (scalars, len) = (pending.scalars(), params.len());
    let average_slot = pending.update.optimizer.slots();
    for reached in pending.ranges() {
        for at in reached.range {
            let w = &mut params[at];
            let mut slots = Slots { state, len, at };
            if let Some(rule) = &reached.rule {
                let gradient = (scalars.scale * grads[at]).clamp(-scalars.limit, scalars.limit);
                let g = gradient + rule.penalty() * *w;
                *w = rule.kept() * *w - step(rule, scalars.number, g, &mut slots);
            }
            if let Some(decay) = scalars.decay {
                slots.decay(average_slot, decay, *w);
            }
        }
    }
}

/// What a weight loses at gradient `g`.
fn step(rule: &Optimizer, number: u64, g: f32, slots: &mut Slots) -> f32 {
    match rule {
        Optimizer::Sgd(rule) => sgd(rule, g, slots),
        Optimizer::Adagrad(rule) => adagrad(rule, g, slots),
        Optimizer::Adadelta(rule) => adadelta(rule, g, slots),
        Optimizer::RmsProp(rule) => rmsprop(rule, g, slots),
        Optimizer::Adam(rule) => adam(rule, number, g, slots),
        Optimizer::AdamW(rule) => adam(&rule.step(), number, g, slots),
    }
}

/// The state of one weight: an element of each array.
struct Slots<'a> {
    state: &'a mut [f32],
    /// Floats of an array.
    len: usize,
    at: usize,
}

impl Slots<'_> {
    fn get(&mut self, slot: usize) -> &mut f32 {
        &mut self.state[slot * self.len + self.at]
    }

    /// `mean = decay * mean + (1 - decay) * x`; returns it.
    fn decay(&mut self, slot: usize, decay: f32, x: f32) -> f32 {
        let mean = self.get(slot);
        *mean = decay * *mean + (1.0 - decay) * x;
        *mean
    }
}

fn sgd(rule: &Sgd, g: f32, slots: &mut Slots) -> f32 {
    if rule.momentum == 0.0 {
        return rule.lr * g;
    }
    let v = slots.get(0);
    *v = rule.momentum * *v + g;
    rule.lr * if rule.nesterov { g + rule.momentum * *v } else { *v }
}

fn adagrad(rule: &Adagrad, g: f32, slots: &mut Slots) -> f32 {
    let s = slots.get(0);
    *s += g * g;
    rule.lr * g / (s.sqrt() + rule.epsilon)
}

fn adadelta(rule: &Adadelta, g: f32, slots: &mut Slots) -> f32 {
    let a = slots.decay(0, rule.rho, g * g);
    let d = g * ((*slots.get(1) + rule.epsilon) / (a + rule.epsilon)).sqrt();
    slots.decay(1, rule.rho, d * d);
    rule.lr * d
}

fn rmsprop(rule: &RmsProp, g: f32, slots: &mut Slots) -> f32 {
    let s = slots.decay(0, rule.alpha, g * g);
    let m = if rule.centered { slots.decay(1, rule.alpha, g) } else { 0.0 };
    let d = g / ((s - m * m).max(0.0).sqrt() + rule.epsilon);
    if rule.momentum == 0.0 {
        return rule.lr * d;
    }
    let v = slots.get(1 + usize::from(rule.centered));
    *v = rule.momentum * *v + d;
    rule.lr * *v
}

fn adam(rule: &Adam, number: u64, g: f32, slots: &mut Slots) -> f32 {
    let [first, second] = corrections(rule, number);
    let m = slots.decay(0, rule.beta1, g);
    let v = slots.decay(1, rule.beta2, g * g);
    rule.lr * first * m / (second * v.sqrt() + rule.epsilon)
}
