//! The rules on eight elements; their formulas are in [`crate::optim`], a file each.
//!
//! A rule keeps its arrays of state, gets the gradient `g` after clipping and L2 penalty, and
//! returns what the weights lose.

use std::ops::Range;

use super::{Operands, UpdatePass};
use crate::{
    cpu::{
        memory::Span,
        simd::{Kernel, Simd},
    },
    optim::{Adadelta, Adagrad, Adam, Optimizer, RmsProp, Sgd, UpdateScalars, corrections},
    plan::BLOCK,
};

/// The update of as many elements as there are gradients, from `start` on; both ends are multiples
/// of a block.
pub(super) struct Work<'a> {
    pub(super) update: &'a UpdatePass<'a>,
    /// `None` only averages.
    pub(super) rule: Option<Optimizer>,
    pub(super) start: usize,
    pub(super) gradient: Span<'a>,
}

impl Kernel for Work<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let UpdatePass { pending, scalars, operands: Operands { params, state: span, .. } } = *self.update;
        let corrections = match self.rule {
            Some(Optimizer::Adam(rule)) => corrections(&rule, scalars.number),
            Some(Optimizer::AdamW(rule)) => corrections(&rule.step(), scalars.number),
            Some(Optimizer::Sgd(_) | Optimizer::Adagrad(_) | Optimizer::Adadelta(_)) => [1.0; 2],
            Some(Optimizer::RmsProp(_)) | None => [1.0; 2],
        };
        for place in (0..self.gradient.len()).step_by(BLOCK) {
            let at = self.start + place;
            let mut w = params.load(simd, at);
            if let Some(rule) = &self.rule {
                let state = State { span, len: params.len(), at };
                let g = self.gradient(simd, rule, w, place);
                let step = match rule {
                    Optimizer::Sgd(rule) => sgd(simd, rule, &state, g),
                    Optimizer::Adagrad(rule) => adagrad(simd, rule, &state, g),
                    Optimizer::Adadelta(rule) => adadelta(simd, rule, &state, g),
                    Optimizer::RmsProp(rule) => rmsprop(simd, rule, &state, g),
                    Optimizer::Adam(rule) => adam(simd, rule, corrections, &state, g),
                    Optimizer::AdamW(rule) => adam(simd, &rule.step(), corrections, &state, g),
                };
                w = simd.sub(simd.mul(simd.splat(rule.kept()), w), step);
                params.store(simd, at, w);
            }
            if let Some(decay) = scalars.decay {
                let average = span.from(pending.update.optimizer.slots() * params.len());
                average.store(simd, at, decayed(simd, decay, average.load(simd, at), w));
            }
        }
    }
}

impl Work<'_> {
    /// The gradient within its limits, with the penalty's.
    #[inline(always)]
    fn gradient<S: Simd>(&self, simd: S, rule: &Optimizer, w: S::V, place: usize) -> S::V {
        let UpdateScalars { scale, limit, .. } = self.update.scalars;
        let g = simd.mul(simd.splat(scale), self.gradient.load(simd, place));
        let g = simd.max(simd.splat(-limit), simd.min(simd.splat(limit), g));
        simd.fma(simd.splat(rule.penalty()), w, g)
    }
}

/// Eight elements of each array of state.
struct State<'a> {
    span: Span<'a>,
    len: usize,
    at: usize,
}

impl State<'_> {
    #[inline(always)]
    fn load<S: Simd>(&self, simd: S, slot: usize) -> S::V {
        self.span.load(simd, slot * self.len + self.at)
    }

    #[inline(always)]
    fn store<S: Simd>(&self, simd: S, slot: usize, value: S::V) -> S::V {
        self.span.store(simd, slot * self.len + self.at, value);
        value
    }

    /// Moves a running mean towards `x` and returns it.
    #[inline(always)]
    fn decay<S: Simd>(&self, simd: S, slot: usize, decay: f32, x: S::V) -> S::V {
        self.store(simd, slot, decayed(simd, decay, self.load(simd, slot), x))
    }
}

/// `decay * mean + (1 - decay) * x`
#[inline(always)]
fn decayed<S: Simd>(simd: S, decay: f32, mean: S::V, x: S::V) -> S::V {
    simd.fma(simd.splat(decay), mean, simd.mul(simd.splat(1.0 - decay), x))
}

#[inline(always)]
fn sgd<S: Simd>(simd: S, rule: &Sgd, state: &State, g: S::V) -> S::V {
    let lr = simd.splat(rule.lr);
    if rule.momentum == 0.0 {
        return simd.mul(lr, g);
    }
    let momentum = simd.splat(rule.momentum);
    let v = state.store(simd, 0, simd.fma(momentum, state.load(simd, 0), g));
    simd.mul(lr, if rule.nesterov { simd.fma(momentum, v, g) } else { v })
}

#[inline(always)]
fn adagrad<S: Simd>(simd: S, rule: &Adagrad, state: &State, g: S::V) -> S::V {
    let s = state.store(simd, 0, simd.fma(g, g, state.load(simd, 0)));
    let root = simd.add(simd.sqrt(s), simd.splat(rule.epsilon));
    simd.div(simd.mul(simd.splat(rule.lr), g), root)
}

#[inline(always)]
fn adadelta<S: Simd>(simd: S, rule: &Adadelta, state: &State, g: S::V) -> S::V {
    let epsilon = simd.splat(rule.epsilon);
    let a = state.decay(simd, 0, rule.rho, simd.mul(g, g));
    let b = state.load(simd, 1);
    let d = simd.mul(g, simd.sqrt(simd.div(simd.add(b, epsilon), simd.add(a, epsilon))));
    state.decay(simd, 1, rule.rho, simd.mul(d, d));
    simd.mul(simd.splat(rule.lr), d)
}

#[inline(always)]
fn rmsprop<S: Simd>(simd: S, rule: &RmsProp, state: &State, g: S::V) -> S::V {
    let mut s = state.decay(simd, 0, rule.alpha, simd.mul(g, g));
    if rule.centered {
        let m = state.decay(simd, 1, rule.alpha, g);
        s = simd.max(simd.splat(0.0), simd.sub(s, simd.mul(m, m)));
    }
    let d = simd.div(g, simd.add(simd.sqrt(s), simd.splat(rule.epsilon)));
    let lr = simd.splat(rule.lr);
    if rule.momentum == 0.0 {
        return simd.mul(lr, d);
    }
    let slot = 1 + rule.centered as usize;
    simd.mul(lr, state.store(simd, slot, simd.fma(simd.splat(rule.momentum), state.load(simd, slot), d)))
}

#[inline(always)]
fn adam<S: Simd>(simd: S, rule: &Adam, corrections: [f32; 2], state: &State, g: S::V) -> S::V {
    let [first, second] = corrections;
    let m = state.decay(simd, 0, rule.beta1, g);
    let v = state.decay(simd, 1, rule.beta2, simd.mul(g, g));
    let root = simd.fma(simd.sqrt(v), simd.splat(second), simd.splat(rule.epsilon));
    simd.div(simd.mul(simd.splat(rule.lr * first), m), root)
}

/// The part of [`super::merge`] that runs on one thread.
pub(super) struct Merge<'a> {
    pub(super) share: f32,
    pub(super) grads: Span<'a>,
    pub(super) stashed: Span<'a>,
    pub(super) range: Range<usize>,
}

impl Kernel for Merge<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in self.range.clone().step_by(BLOCK) {
            let (g, stashed) = (self.grads.load(simd, at), self.stashed.load(simd, at));
            self.grads.store(simd, at, decayed(simd, 1.0 - self.share, stashed, g));
        }
    }
}
