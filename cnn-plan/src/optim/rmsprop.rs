//! RMSprop (Hinton 2012, lecture 6e; centred: Graves 2013), torch's formulation:
//!
//! `s = alpha * s + (1 - alpha) * g²`; centred: `m = alpha * m + (1 - alpha) * g`, else `m = 0`;
//! `d = g / (sqrt(s - m²) + epsilon)`; `v = momentum * v + d`; `w -= lr * v`,
//! with `g = gradient + weight_decay * w`.
//!
//! Rounding may bring `s - m²` below 0, where the root is taken as 0.

use crate::source::plain;

plain! {
    /// Hyper-parameters of RMSprop.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RmsProp {
        /// Learning rate.
        pub lr: f32,
        /// Decay of the running means.
        pub alpha: f32,
        /// Number added to the root.
        pub epsilon: f32,
        /// Share of the last step that is kept; at 0 there is no state `v`.
        pub momentum: f32,
        /// Whether to divide by the standard deviation of the gradient instead of its root mean
        /// square.
        pub centered: bool,
        /// L2 penalty.
        pub weight_decay: f32,
    }
}

impl RmsProp {
    /// The settings of a bare `rmsprop`, those of torch.
    pub const DEFAULT: RmsProp =
        RmsProp { lr: 0.01, alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false, weight_decay: 0.0 };

    /// Number of arrays of state. They lie in this order: `s`, then `m` if centred, then `v` if
    /// there is momentum.
    #[inline]
    pub const fn slots(&self) -> usize {
        1 + self.centered as usize + (self.momentum != 0.0) as usize
    }
}

impl Default for RmsProp {
    fn default() -> RmsProp {
        RmsProp::DEFAULT
    }
}
