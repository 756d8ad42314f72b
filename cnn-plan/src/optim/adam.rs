//! Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), torch's formulation, at update
//! `t` from 1:
//!
//! `m = beta1 * m + (1 - beta1) * g`; `v = beta2 * v + (1 - beta2) * g²`;
//! `w -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
//!
//! Adam: `g = gradient + weight_decay * w`. AdamW: `g = gradient`, and before all else
//! `w -= lr * weight_decay * w`.

use crate::source::plain;

plain! {
    /// Hyper-parameters of Adam.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Adam {
        /// Learning rate.
        pub lr: f32,
        /// Decay of the running mean of the gradient.
        pub beta1: f32,
        /// Decay of the running mean of the gradient's square.
        pub beta2: f32,
        /// Number added to the root.
        pub epsilon: f32,
        /// L2 penalty.
        pub weight_decay: f32,
    }

    /// Hyper-parameters of AdamW: Adam whose weights decay by themselves, apart from the gradient.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct AdamW {
        /// Learning rate.
        pub lr: f32,
        /// Decay of the running mean of the gradient.
        pub beta1: f32,
        /// Decay of the running mean of the gradient's square.
        pub beta2: f32,
        /// Number added to the root.
        pub epsilon: f32,
        /// Share of a weight that decays in an update at learning rate 1.
        pub weight_decay: f32,
    }
}

impl Adam {
    /// The settings of a bare `adam`, those of torch and, but for its epsilon of 1e-7, of Keras.
    pub const DEFAULT: Adam = Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 };
}

impl AdamW {
    /// The settings of a bare `adamw`, those of torch.
    pub const DEFAULT: AdamW =
        AdamW { lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 };

    /// The step that follows the decay of the weights: Adam's, without a penalty.
    pub const fn step(&self) -> Adam {
        let AdamW { lr, beta1, beta2, epsilon, .. } = *self;
        Adam { lr, beta1, beta2, epsilon, weight_decay: 0.0 }
    }
}

impl Default for Adam {
    fn default() -> Adam {
        Adam::DEFAULT
    }
}

impl Default for AdamW {
    fn default() -> AdamW {
        AdamW::DEFAULT
    }
}
