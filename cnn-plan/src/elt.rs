//! Element-wise operations, which every step can apply to its result before it is stored.

use super::Map;
use crate::source::plain;

/// The most element-wise operations that one step takes; what follows them is a step of its own.
pub const EPILOGUE_LEN: usize = 16;

plain! {
    /// An activation function and, through its *output*, its derivative.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Act {
        /// `max(x, 0)`
        Relu,
        /// `x` for positive `x`, else `slope * x`
        LeakyRelu(slope: f32),
        /// `x` for positive `x`, else `alpha * (exp(x) - 1)`
        Elu(alpha: f32),
        /// `1 / (1 + exp(-x))`
        Sigmoid,
        /// `tanh(x)`
        Tanh,
    }
}

/// One element-wise operation applied to a step's result before it is stored, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elt {
    /// `v = act(v)`
    Act(Act),
    /// `v = v * act'(x)` where the map holds `y = act(x)`: the chain rule through an activation.
    ActGrad(Act, Map),
    /// Training-mode batch norm with the statistics that [`super::BatchStats`] left in the arena's fixed part:
    /// `v = (v - mean[c]) * inv_std[c] * gamma[c] + beta[c]`.
    Normalize(Normalize),
    /// Inference-mode batch norm with running statistics: `v = (v - mean[c]) / sqrt(var[c] + eps) * gamma[c] + beta[c]`.
    NormalizeRunning {
        /// Offset of the running mean among the parameters.
        mean: usize,
        /// Offset of the running variance.
        var: usize,
        /// Added under the root.
        eps: f32,
        /// Offset of the scale.
        gamma: usize,
        /// Offset of the shift.
        beta: usize,
    },
    /// The chain rule through training-mode batch norm, with the sums that [`super::BatchNormSums`] left among the gradients and
    /// `m = batch * height * width`:
    /// `v = gamma[c] * inv_std[c] * (v - dbeta[c] / m - (x - mean[c]) * inv_std[c] * dgamma[c] / m)`.
    NormalizeGrad(Normalize, Map),
    /// Inverted dropout: `v = keep ? v / (1 - rate) : 0`. The mask is a hash of (step key, stream, element), see
    /// `cnn_runtime::rng`, so the backward pass repeats the forward pass's mask without storing it.
    Dropout {
        /// Probability of zero, in `0.0..1.0`.
        rate: f32,
        /// Which dropout layer of the network this is.
        stream: u32,
        /// True to drop whole channels: the mask's element is then `sample * padded(channels) + channel`.
        channelwise: bool,
    },
    /// `v = v + map`
    Add(Map),
}

/// Operands of batch norm in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Normalize {
    /// Offset in the arena's fixed part of `[padded(C)]` means followed by `[padded(C)]` inverse deviations,
    /// `1 / sqrt(variance + eps)`.
    pub stats: usize,
    /// Offset of the scale among the parameters, and of its gradient among the gradients.
    pub gamma: usize,
    /// Offset of the shift, likewise.
    pub beta: usize,
}
