//! Activations, and their derivatives through their outputs.

use super::Pass;
use crate::{
    cpu::{
        memory::Vectors,
        simd::{Simd, math},
    },
    plan::Act,
};

impl Pass<'_> {
    #[inline(always)]
    pub(super) fn activate<S: Simd>(&self, simd: S, act: Act) {
        let (zero, all) = (simd.splat(0.0), 0..self.places.count);
        match act {
            Act::Relu => self.each(simd, all, |_, x| simd.max(zero, x)),
            Act::LeakyRelu(slope) => {
                let slope = simd.splat(slope);
                self.each(simd, all, |_, x| simd.select(simd.gt(x, zero), x, simd.mul(x, slope)));
            }
            Act::Elu(alpha) => {
                let alpha = simd.splat(alpha);
                let below = |x| simd.mul(alpha, math::expm1(simd, x));
                self.each(simd, all, |_, x| simd.select(simd.gt(x, zero), x, below(x)));
            }
            Act::Sigmoid => self.each(simd, all, |_, x| math::sigmoid(simd, x)),
            Act::Tanh => self.each(simd, all, |_, x| math::tanh(simd, x)),
        }
    }

    /// Multiplies by the derivative where the activation's result is `y`.
    #[inline(always)]
    pub(super) fn slope<S: Simd>(&self, simd: S, act: Act, y: Vectors) {
        let (zero, one, all) = (simd.splat(0.0), simd.splat(1.0), 0..self.places.count);
        let is_positive = |at| simd.gt(y.load(simd, at), zero);
        match act {
            Act::Relu => self.each(simd, all, |at, v| simd.select(is_positive(at), v, zero)),
            Act::LeakyRelu(slope) => {
                let slope = simd.splat(slope);
                self.each(simd, all, |at, v| simd.select(is_positive(at), v, simd.mul(v, slope)));
            }
            Act::Elu(alpha) => {
                let alpha = simd.splat(alpha);
                let below = |at, v| simd.mul(v, simd.add(y.load(simd, at), alpha));
                self.each(simd, all, |at, v| simd.select(is_positive(at), v, below(at, v)));
            }
            Act::Sigmoid => self.each(simd, all, |at, v| {
                let y = y.load(simd, at);
                simd.mul(v, simd.mul(y, simd.sub(one, y)))
            }),
            Act::Tanh => self.each(simd, all, |at, v| {
                let y = y.load(simd, at);
                simd.mul(v, simd.sub(one, simd.mul(y, y)))
            }),
        }
    }
}
