//! Optimizer steps: one pass over parameters, gradients and state, eight elements at a time.
//!
//! Where gradient, parameter and state are zero, as in padding, they stay zero.

use std::ops::Range;

use super::{
    Cpu,
    memory::Span,
    simd::{Kernel, Simd},
    split,
};
use crate::{
    optim::{Adadelta, Optimizer, Sgd},
    plan::{BLOCK, Param},
};

/// Floats of one piece of work.
const PIECE: usize = 1 << 14;

/// Parameters, gradients and state, all of one length but the state.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub(super) params: Span<'a>,
    pub(super) grads: Span<'a>,
    pub(super) state: Span<'a>,
}

/// Updates all trainable parameters.
pub(super) fn run(cpu: &Cpu, optimizer: Optimizer, params: &'static [Param], operands: Operands) {
    let len = operands.params.len();
    let piece = |at: usize| {
        let piece = at * PIECE..len.min((at + 1) * PIECE);
        for Stretch { range, lr_factor, decay } in stretches(params) {
            let (start, end) = (piece.start.max(range.start), piece.end.min(range.end));
            if start < end {
                let optimizer = adapted(optimizer, lr_factor, decay);
                cpu.isa.run(Rule { optimizer, operands, start, end });
            }
        }
    };
    if cpu.threads > 1 && len as u64 >= split::TINY {
        split::each(0..len.div_ceil(PIECE), &piece);
    } else {
        (0..len.div_ceil(PIECE)).for_each(piece);
    }
}

/// Neighbouring parameters that are updated alike.
struct Stretch {
    range: Range<usize>,
    lr_factor: f32,
    decay: bool,
}

/// All that is trained, in order.
fn stretches(params: &[Param]) -> impl Iterator<Item = Stretch> {
    let mut trained = params.iter().filter(|param| param.trainable && !param.buffer).peekable();
    std::iter::from_fn(move || {
        let &Param { offset, len, lr_factor, decay, .. } = trained.next()?;
        let mut end = offset + len;
        let joins =
            |param: &&Param, end| param.offset == end && param.lr_factor == lr_factor && param.decay == decay;
        while let Some(param) = trained.next_if(|param| joins(param, end)) {
            end += param.len;
        }
        Some(Stretch { range: offset..end, lr_factor, decay })
    })
}

/// The rule for parameters with attributes of their own.
fn adapted(optimizer: Optimizer, lr_factor: f32, decay: bool) -> Optimizer {
    let mut optimizer = optimizer.with_lr(optimizer.lr() * lr_factor);
    match &mut optimizer {
        Optimizer::Sgd(Sgd { weight_decay, .. }) | Optimizer::Adadelta(Adadelta { weight_decay, .. }) => {
            *weight_decay *= decay as u8 as f32;
        }
    }
    optimizer
}

/// The update of one stretch of elements; both ends are multiples of a block.
struct Rule<'a> {
    optimizer: Optimizer,
    operands: Operands<'a>,
    start: usize,
    end: usize,
}

impl Kernel for Rule<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (self.start..self.end).step_by(BLOCK) {
            match self.optimizer {
                Optimizer::Sgd(rule) => self.sgd(simd, &rule, at),
                Optimizer::Adadelta(rule) => self.adadelta(simd, &rule, at),
            }
        }
    }
}

impl Rule<'_> {
    /// The formula is in [`crate::optim::sgd`].
    #[inline(always)]
    fn sgd<S: Simd>(&self, simd: S, rule: &Sgd, at: usize) {
        let Operands { params, grads, state } = self.operands;
        let w = params.load(simd, at);
        let g = simd.fma(simd.splat(rule.weight_decay), w, grads.load(simd, at));
        let mut direction = g;
        if rule.momentum != 0.0 {
            let momentum = simd.splat(rule.momentum);
            let v = simd.fma(momentum, state.load(simd, at), g);
            state.store(simd, at, v);
            direction = if rule.nesterov { simd.fma(momentum, v, g) } else { v };
        }
        params.store(simd, at, simd.sub(w, simd.mul(simd.splat(rule.lr), direction)));
    }

    /// The formula is in [`crate::optim::adadelta`]; the state holds all `a`, then all `b`.
    #[inline(always)]
    fn adadelta<S: Simd>(&self, simd: S, rule: &Adadelta, at: usize) {
        let Operands { params, grads, state } = self.operands;
        let (rho, rest, epsilon) =
            (simd.splat(rule.rho), simd.splat(1.0 - rule.rho), simd.splat(rule.epsilon));
        let decayed = |mean, x| simd.fma(rho, mean, simd.mul(rest, simd.mul(x, x)));
        let w = params.load(simd, at);
        let g = simd.fma(simd.splat(rule.weight_decay), w, grads.load(simd, at));
        let a = decayed(state.load(simd, at), g);
        let b = state.load(simd, params.len() + at);
        let ratio = simd.div(simd.add(b, epsilon), simd.add(a, epsilon));
        let d = simd.mul(g, simd.sqrt(ratio));
        state.store(simd, at, a);
        state.store(simd, params.len() + at, decayed(b, d));
        params.store(simd, at, simd.sub(w, simd.mul(simd.splat(rule.lr), d)));
    }
}
