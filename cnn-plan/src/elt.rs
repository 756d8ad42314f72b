//! Element-wise operations, which every step can apply to its result before it is stored.

use crate::{Addressing, Operand, Placed, Readdress, source::plain};

/// The most element-wise operations that one step takes; what follows them is a step of its own.
pub const EPILOGUE_LEN: usize = 16;

plain! {
    /// An activation function.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Act {
        /// `max(x, 0)`
        Relu,
        /// `min(max(x, 0), 6)`
        Relu6,
        /// `x` for positive `x`, else `slope * x`
        LeakyRelu(slope: f32),
        /// `x` for positive `x`, else `alpha * (exp(x) - 1)`
        Elu(alpha: f32),
        /// `1 / (1 + exp(-x))`
        Sigmoid,
        /// `relu6(x + 3) / 6`
        HardSigmoid,
        /// `tanh(x)`
        Tanh,
        /// `ln(1 + exp(beta * x)) / beta`
        Softplus(beta: f32),
        /// `x * sigmoid(x)`, also called swish (Ramachandran et al. 2017)
        Silu,
        /// `x * hard_sigmoid(x)` (Howard et al. 2019)
        HardSwish,
        /// `x * P(X <= x)` of a standard normal `X` (Hendrycks and Gimpel 2016)
        Gelu,
        /// `x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`, which approximates
        /// [`Act::Gelu`]
        GeluTanh,
    }
}

impl Act {
    /// The function in one word, without its parameter: `leaky_relu`.
    pub const fn name(&self) -> &'static str {
        match self {
            Act::Relu => "relu",
            Act::Relu6 => "relu6",
            Act::LeakyRelu(_) => "leaky_relu",
            Act::Elu(_) => "elu",
            Act::Sigmoid => "sigmoid",
            Act::HardSigmoid => "hard_sigmoid",
            Act::Tanh => "tanh",
            Act::Softplus(_) => "softplus",
            Act::Silu => "silu",
            Act::HardSwish => "hard_swish",
            Act::Gelu => "gelu",
            Act::GeluTanh => "gelu_tanh",
        }
    }

    /// Its parameter: a slope, `alpha` or `beta`.
    pub const fn parameter(&self) -> Option<f32> {
        match *self {
            Act::LeakyRelu(value) | Act::Elu(value) | Act::Softplus(value) => Some(value),
            Act::Relu | Act::Relu6 | Act::Sigmoid | Act::HardSigmoid | Act::Tanh => None,
            Act::Silu | Act::HardSwish | Act::Gelu | Act::GeluTanh => None,
        }
    }

    /// Whether the derivative follows from the function's value, so that its argument need not be
    /// kept. That of a function that falls and rises does not: it has a value twice.
    pub const fn slope_follows_value(&self) -> bool {
        match self {
            Act::Relu | Act::Relu6 | Act::LeakyRelu(_) | Act::Elu(_) => true,
            Act::Sigmoid | Act::HardSigmoid | Act::Tanh | Act::Softplus(_) => true,
            Act::Silu | Act::HardSwish | Act::Gelu | Act::GeluTanh => false,
        }
    }
}

plain! {
    /// One element-wise operation applied to a step's result before it is stored, in order.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Elt<A: Addressing = Placed> {
        /// `v = act(v)`
        Act(act: Act),
        /// `v = v * act'(x)`, the chain rule through an activation. The map holds `act(x)`, or `x`
        /// where the derivative does not follow from that ([`Act::slope_follows_value`]).
        ActGrad(act: Act, at: A::Map),
        /// `v = v` for positive `v`, else `slope[c] * v` (He et al. 2015)
        Prelu(slope: Slope<A>),
        /// `v = v` where the map `x` is positive, else `slope[c] * v`: the chain rule through
        /// [`Elt::Prelu`].
        PreluGrad(slope: Slope<A>, x: A::Map),
        /// Training-mode batch norm with the statistics that [`crate::BatchStats`] left in the
        /// arena's fixed part: `v = (v - mean[c]) * inv_std[c] * gamma[c] + beta[c]`.
        Normalize(normalize: Normalize<A>),
        /// Inference-mode batch norm with running statistics:
        /// `v = (v - mean[c]) / sqrt(var[c] + eps) * gamma[c] + beta[c]`.
        NormalizeRunning {
            /// The running mean.
            mean: A::Param,
            /// The running variance.
            var: A::Param,
            /// Added under the root.
            eps: f32,
            /// The scale.
            gamma: A::Param,
            /// The shift.
            beta: A::Param,
        },
        /// The chain rule through [`Elt::NormalizeRunning`]: `v = v / sqrt(var[c] + eps) * gamma[c]`.
        NormalizeRunningGrad {
            /// The running variance.
            var: A::Param,
            /// Added under the root.
            eps: f32,
            /// The scale.
            gamma: A::Param,
        },
        /// The chain rule through training-mode batch norm, with the sums that
        /// [`crate::BatchNormSums`] left among the gradients, `x` in the map and
        /// `m = batch * height * width`:
        /// `v = gamma[c] * inv_std[c] * (v - dbeta[c] / m - (x - mean[c]) * inv_std[c] * dgamma[c] / m)`.
        NormalizeGrad(through: NormalizeGrad<A>, x: A::Map),
        /// Inverted dropout: `v = keep ? v / (1 - rate) : 0`. The mask is a hash of (step key,
        /// stream, element), see `cnn_runtime::backend::rng`, so the backward pass repeats the
        /// forward pass's mask without storing it. The element is `sample * map.len() + place` in
        /// 32 bits, with the place within a sample of the step's result.
        Dropout {
            /// Probability of zero, in `0.0..1.0`.
            rate: f32,
            /// Which dropout layer of the network this is.
            stream: u32,
            /// True to drop whole channels: the mask's element is then
            /// `sample * padded(channels) + channel`.
            channelwise: bool,
        },
        /// `v = v + map`
        Add(map: A::Map),
        /// `v = v * map`
        Mul(map: A::Map),
    }

    /// The slopes of [`Elt::Prelu`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Slope<A: Addressing = Placed> {
        /// One for each channel, or one.
        pub param: A::Param,
        /// Whether all channels share one, which is then the first of its block.
        pub shared: bool,
    }

    /// Operands of batch norm in training.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Normalize<A: Addressing = Placed> {
        /// `[padded(C)]` means followed by `[padded(C)]` inverse deviations,
        /// `1 / sqrt(variance + eps)`.
        pub stats: A::Area,
        /// The scale.
        pub gamma: A::Param,
        /// The shift.
        pub beta: A::Param,
    }

    /// Operands of the gradient of batch norm in training.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct NormalizeGrad<A: Addressing = Placed> {
        /// As in [`Normalize`].
        pub stats: A::Area,
        /// The scale.
        pub gamma: A::Param,
        /// The scale's gradient.
        pub dgamma: A::Param,
        /// The shift's gradient.
        pub dbeta: A::Param,
    }
}

impl<A: Addressing> NormalizeGrad<A> {
    fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> NormalizeGrad<B> {
        let [gamma, dgamma, dbeta] = [self.gamma, self.dgamma, self.dbeta].map(|param| to.param(param));
        NormalizeGrad { stats: to.area(self.stats), gamma, dgamma, dbeta }
    }
}

impl<A: Addressing> Normalize<A> {
    fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> Normalize<B> {
        Normalize { stats: to.area(self.stats), gamma: to.param(self.gamma), beta: to.param(self.beta) }
    }
}

impl<A: Addressing> Slope<A> {
    pub(crate) fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> Slope<B> {
        Slope { param: to.param(self.param), shared: self.shared }
    }
}

impl<A: Addressing> Elt<A> {
    /// The map that the operation reads beside the running value.
    pub fn map(&self) -> Option<A::Map> {
        match *self {
            Elt::ActGrad(_, map) | Elt::NormalizeGrad(_, map) | Elt::PreluGrad(_, map) => Some(map),
            Elt::Add(map) | Elt::Mul(map) => Some(map),
            Elt::Act(_) | Elt::Prelu(_) | Elt::Dropout { .. } => None,
            Elt::Normalize(_) | Elt::NormalizeRunning { .. } | Elt::NormalizeRunningGrad { .. } => None,
        }
    }

    /// Calls `visit` for each operand beside the running value.
    pub fn visit(&self, visit: &mut dyn FnMut(Operand<A>)) {
        self.map().map(Operand::Read).into_iter().for_each(&mut *visit);
        match *self {
            Elt::Normalize(Normalize { stats, gamma, beta }) => {
                let operands = [Operand::ReadArea(stats), Operand::Param(gamma), Operand::Param(beta)];
                operands.into_iter().for_each(visit);
            }
            Elt::NormalizeGrad(NormalizeGrad { stats, gamma, dgamma, dbeta }, _) => {
                let sums = [dgamma, dbeta].map(Operand::ReadGradient);
                let operands = [Operand::ReadArea(stats), Operand::Param(gamma)];
                operands.into_iter().chain(sums).for_each(visit);
            }
            Elt::NormalizeRunning { mean, var, gamma, beta, eps: _ } => {
                [mean, var, gamma, beta].map(Operand::Param).into_iter().for_each(visit);
            }
            Elt::NormalizeRunningGrad { var, gamma, eps: _ } => {
                [var, gamma].map(Operand::Param).into_iter().for_each(visit);
            }
            Elt::Prelu(slope) | Elt::PreluGrad(slope, _) => visit(Operand::Param(slope.param)),
            Elt::Act(_) | Elt::ActGrad(..) | Elt::Dropout { .. } | Elt::Add(_) | Elt::Mul(_) => {}
        }
    }

    /// The same operation in another addressing.
    pub fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> Elt<B> {
        match *self {
            Elt::Act(act) => Elt::Act(act),
            Elt::ActGrad(act, map) => Elt::ActGrad(act, to.map(map)),
            Elt::Prelu(slope) => Elt::Prelu(slope.readdress(to)),
            Elt::PreluGrad(slope, map) => Elt::PreluGrad(slope.readdress(to), to.map(map)),
            Elt::Normalize(normalize) => Elt::Normalize(normalize.readdress(to)),
            Elt::NormalizeRunning { mean, var, eps, gamma, beta } => {
                let [mean, var, gamma, beta] = [mean, var, gamma, beta].map(|param| to.param(param));
                Elt::NormalizeRunning { mean, var, eps, gamma, beta }
            }
            Elt::NormalizeRunningGrad { var, eps, gamma } => {
                Elt::NormalizeRunningGrad { var: to.param(var), eps, gamma: to.param(gamma) }
            }
            Elt::NormalizeGrad(through, map) => Elt::NormalizeGrad(through.readdress(to), to.map(map)),
            Elt::Dropout { rate, stream, channelwise } => Elt::Dropout { rate, stream, channelwise },
            Elt::Add(map) => Elt::Add(to.map(map)),
            Elt::Mul(map) => Elt::Mul(to.map(map)),
        }
    }
}
