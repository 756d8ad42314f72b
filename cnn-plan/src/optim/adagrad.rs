//! Adagrad (Duchi et al. 2011), torch's formulation:
//!
//! `s = s + g²`; `w -= lr * g / (sqrt(s) + epsilon)`, with `g = gradient + weight_decay * w`.

use crate::source::plain;

plain! {
    /// Hyper-parameters of Adagrad.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Adagrad {
        /// Learning rate.
        pub lr: f32,
        /// Number added to the root.
        pub epsilon: f32,
        /// L2 penalty.
        pub weight_decay: f32,
    }
}

impl Adagrad {
    /// The settings of a bare `adagrad`, those of torch.
    pub const DEFAULT: Adagrad = Adagrad { lr: 0.01, epsilon: 1e-10, weight_decay: 0.0 };
}

impl Default for Adagrad {
    fn default() -> Adagrad {
        Adagrad::DEFAULT
    }
}
