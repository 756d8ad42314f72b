//! Activations and the chain rule through them.

use super::Pass;
use crate::{
    cpu::{
        memory::Vectors,
        simd::{Simd, math},
    },
    plan::{Act, BLOCK, Slope},
};

impl Pass<'_> {
    #[inline(always)]
    pub(super) fn activate<S: Simd>(&self, simd: S, act: Act) {
        let (zero, all) = (simd.splat(0.0), 0..self.places.count);
        match act {
            Act::Relu => self.each(simd, all, |_, x| simd.max(zero, x)),
            Act::Relu6 => self.each(simd, all, |_, x| math::clamp(simd, x, 0.0, 6.0)),
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
            Act::HardSigmoid => self.each(simd, all, |_, x| hard_sigmoid(simd, x)),
            Act::Tanh => self.each(simd, all, |_, x| math::tanh(simd, x)),
            Act::Softplus(beta) => {
                let (scale, inverse) = (simd.splat(beta), simd.splat(1.0 / beta));
                self.each(simd, all, |_, x| simd.mul(math::softplus(simd, simd.mul(x, scale)), inverse));
            }
            Act::Silu => self.each(simd, all, |_, x| simd.mul(x, math::sigmoid(simd, x))),
            Act::HardSwish => self.each(simd, all, |_, x| simd.mul(x, hard_sigmoid(simd, x))),
            Act::Gelu => self.each(simd, all, |_, x| simd.mul(x, math::normal(simd, x).below)),
            Act::GeluTanh => {
                self.each(simd, all, |_, x| simd.mul(x, math::sigmoid(simd, stretched(simd, x).0)));
            }
        }
    }

    /// Multiplies by the derivative; `y` is the activation's result, or its argument where that does
    /// not tell the slope.
    #[inline(always)]
    pub(super) fn slope<S: Simd>(&self, simd: S, act: Act, y: Vectors) {
        let (zero, one, all) = (simd.splat(0.0), simd.splat(1.0), 0..self.places.count);
        let is_positive = |at| simd.gt(y.load(simd, at), zero);
        let is_between = |at, top| simd.and(is_positive(at), simd.gt(simd.splat(top), y.load(simd, at)));
        match act {
            Act::Relu => self.each(simd, all, |at, v| simd.select(is_positive(at), v, zero)),
            Act::Relu6 => self.each(simd, all, |at, v| simd.select(is_between(at, 6.0), v, zero)),
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
            Act::HardSigmoid => {
                let sixth = simd.splat(1.0 / 6.0);
                self.each(simd, all, |at, v| simd.select(is_between(at, 1.0), simd.mul(v, sixth), zero));
            }
            Act::Tanh => self.each(simd, all, |at, v| {
                let y = y.load(simd, at);
                simd.mul(v, simd.sub(one, simd.mul(y, y)))
            }),
            Act::Softplus(beta) => {
                let scale = simd.splat(-beta);
                self.each(simd, all, |at, v| {
                    let below = math::expm1(simd, simd.mul(y.load(simd, at), scale));
                    simd.mul(v, simd.sub(zero, below))
                });
            }
            Act::Silu => self.each(simd, all, |at, v| {
                let x = y.load(simd, at);
                simd.mul(v, through_sigmoid(simd, x, x, one))
            }),
            Act::HardSwish => {
                let (three, third, half) = (simd.splat(3.0), simd.splat(1.0 / 3.0), simd.splat(0.5));
                self.each(simd, all, |at, v| {
                    let x = y.load(simd, at);
                    let inside = simd.select(simd.gt(simd.splat(-3.0), x), zero, simd.fma(x, third, half));
                    simd.mul(v, simd.select(simd.gt(x, three), one, inside))
                });
            }
            Act::Gelu => self.each(simd, all, |at, v| {
                let x = y.load(simd, at);
                let math::Normal { density, below } = math::normal(simd, x);
                simd.mul(v, simd.fma(x, density, below))
            }),
            Act::GeluTanh => self.each(simd, all, |at, v| {
                let x = y.load(simd, at);
                let (inner, rise) = stretched(simd, x);
                simd.mul(v, through_sigmoid(simd, x, inner, rise))
            }),
        }
    }

    /// Multiplies what is not positive by a slope.
    #[inline(always)]
    pub(super) fn prelu<S: Simd>(&self, simd: S, slope: &Slope) {
        self.by_slope(simd, slope, |_, v| v);
    }

    /// Multiplies by the slope where `x` is not positive.
    #[inline(always)]
    pub(super) fn prelu_grad<S: Simd>(&self, simd: S, slope: &Slope, x: Vectors) {
        self.by_slope(simd, slope, |at, _| x.load(simd, at));
    }

    /// Multiplies by the slope where `sign(position, value)` is not positive.
    #[inline(always)]
    fn by_slope<S: Simd>(&self, simd: S, slope: &Slope, sign: impl Fn(usize, S::V) -> S::V) {
        let (params, zero) = (self.epilogue.frame.memory.params, simd.splat(0.0));
        self.by_block(|block, vectors| {
            let slopes = match slope.shared {
                true => simd.splat(params.get(slope.param)),
                false => params.load(simd, slope.param + block * BLOCK),
            };
            self.each(simd, vectors, |at, v| simd.select(simd.gt(sign(at, v), zero), v, simd.mul(v, slopes)));
        });
    }
}

/// `relu6(x + 3) / 6`
#[inline(always)]
fn hard_sigmoid<S: Simd>(simd: S, x: S::V) -> S::V {
    let shifted = simd.add(x, simd.splat(3.0));
    simd.mul(math::clamp(simd, shifted, 0.0, 6.0), simd.splat(1.0 / 6.0))
}

/// `2 sqrt(2 / pi) (x + 0.044715 x^3)`, of which `gelu_tanh` takes the sigmoid, since
/// `(1 + tanh(a)) / 2 = sigmoid(2 a)`; and its derivative.
#[inline(always)]
fn stretched<S: Simd>(simd: S, x: S::V) -> (S::V, S::V) {
    const ROOT: f32 = std::f32::consts::FRAC_2_SQRT_PI * std::f32::consts::SQRT_2;
    let (root, square) = (simd.splat(ROOT), simd.mul(x, x));
    let cubic = simd.splat(ROOT * 0.044_715);
    let inner = simd.mul(x, simd.fma(square, cubic, root));
    (inner, simd.fma(square, simd.splat(3.0 * ROOT * 0.044_715), root))
}

/// The derivative of `x * sigmoid(inner(x))`, `rise` that of `inner`.
#[inline(always)]
fn through_sigmoid<S: Simd>(simd: S, x: S::V, inner: S::V, rise: S::V) -> S::V {
    let share = math::sigmoid(simd, inner);
    let fall = simd.mul(share, simd.sub(simd.splat(1.0), share));
    // Far out, where the sigmoid does not change any more, `x * rise` may be infinite.
    simd.select(simd.gt(fall, simd.splat(0.0)), simd.fma(simd.mul(x, rise), fall, share), share)
}
