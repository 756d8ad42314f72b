//! SGD with momentum, torch's formulation:
//!
//! `g = gradient + weight_decay * w`; first step `v = g`, later `v = momentum * v + g`;
//! `w -= lr * (nesterov ? g + momentum * v : v)`.
//!
//! State starts at zero, so `v = momentum * 0 + g` is the first step too.

use crate::source::plain;

plain! {
    /// Hyper-parameters of SGD.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Sgd {
        /// Learning rate.
        pub lr: f32,
        /// Share of the last step that is kept; at 0 there is no state.
        pub momentum: f32,
        /// Whether to look ahead along the momentum (Sutskever et al. 2013).
        pub nesterov: bool,
        /// L2 penalty.
        pub weight_decay: f32,
    }
}

impl Sgd {
    /// The settings of a bare `sgd`, those of Keras.
    pub const DEFAULT: Sgd = Sgd { lr: 0.01, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
}

impl Default for Sgd {
    fn default() -> Sgd {
        Sgd::DEFAULT
    }
}
