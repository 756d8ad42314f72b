//! Activations, and their derivatives through their outputs.

use super::VectorOp;
use crate::{
    cpu::{
        memory::Span,
        simd::{Simd, math},
    },
    plan::Act,
};

pub(super) struct Activate {
    pub(super) act: Act,
}

impl<S: Simd> VectorOp<S> for Activate {
    #[inline(always)]
    fn apply(&self, simd: S, x: S::V, _: usize) -> S::V {
        let zero = simd.splat(0.0);
        match self.act {
            Act::Relu => simd.max(zero, x),
            Act::LeakyRelu(slope) => simd.select(simd.gt(x, zero), x, simd.mul(x, simd.splat(slope))),
            Act::Elu(alpha) => {
                let below = simd.mul(simd.splat(alpha), math::expm1(simd, x));
                simd.select(simd.gt(x, zero), x, below)
            }
            Act::Sigmoid => math::sigmoid(simd, x),
            Act::Tanh => math::tanh(simd, x),
        }
    }
}

pub(super) struct Slope<'a> {
    pub(super) act: Act,
    pub(super) y: Span<'a>,
}

impl<S: Simd> VectorOp<S> for Slope<'_> {
    #[inline(always)]
    fn apply(&self, simd: S, value: S::V, at: usize) -> S::V {
        let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
        let y = self.y.load(simd, at);
        let positive = simd.gt(y, zero);
        match self.act {
            Act::Relu => simd.select(positive, value, zero),
            Act::LeakyRelu(slope) => simd.select(positive, value, simd.mul(value, simd.splat(slope))),
            Act::Elu(alpha) => simd.select(positive, value, simd.mul(value, simd.add(y, simd.splat(alpha)))),
            Act::Sigmoid => simd.mul(value, simd.mul(y, simd.sub(one, y))),
            Act::Tanh => simd.mul(value, simd.sub(one, simd.mul(y, y))),
        }
    }
}
