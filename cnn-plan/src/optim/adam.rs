//! Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), torch's formulation, at update `t` from 1:
//!
//! `m = beta1 * m + (1 - beta1) * g`; `v = beta2 * v + (1 - beta2) * g²`;
//! `w -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
//!
//! Adam: `g = gradient + weight_decay * w`. AdamW: `g = gradient`, and before all else `w -= lr * weight_decay * w`.

use crate::source::plain;

plain! {
    /// Hyper-parameters of Adam.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Adam {
        /// Learning rate.
        pub lr: f32,
        /// Decay of the running mean of the gradient.
        pub beta1: f32,
        /// Decay of the running mean of its square.
        pub beta2: f32,
        /// Added to the root.
        pub epsilon: f32,
        /// L2 penalty, or the share of a weight that decays at learning rate 1 if `decoupled`.
        pub weight_decay: f32,
        /// Decay the weights themselves and leave the gradient alone: AdamW.
        pub decoupled: bool,
    }
}

impl Adam {
    /// What a bare `--optimizer adam` means, as in torch and Keras but for Keras' epsilon 1e-7.
    pub const DEFAULT: Adam =
        Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false };

    /// What a bare `--optimizer adamw` means, as in torch.
    pub const DECOUPLED: Adam = Adam { weight_decay: 0.01, decoupled: true, ..Adam::DEFAULT };
}
