//! Adadelta (Zeiler 2012, algorithm 1) with a learning rate as Keras has it:
//!
//! `a = rho * a + (1 - rho) * g²`; `d = g * sqrt(b + epsilon) / sqrt(a + epsilon)`;
//! `b = rho * b + (1 - rho) * d²`; `w -= lr * d`, with `g = gradient + weight_decay * w`.

use crate::source::plain;

plain! {
    /// Hyper-parameters of Adadelta.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Adadelta {
        /// Learning rate; 1.0 is the paper's rule.
        pub lr: f32,
        /// Decay of the running means.
        pub rho: f32,
        /// Number added under both roots.
        pub epsilon: f32,
        /// L2 penalty.
        pub weight_decay: f32,
    }
}

impl Adadelta {
    /// The settings of a bare `adadelta`: the paper's rule with Keras' decay and epsilon. (Keras'
    /// own learning rate is 0.001, or 1.0 before TensorFlow 2.)
    pub const DEFAULT: Adadelta = Adadelta { lr: 1.0, rho: 0.95, epsilon: 1e-7, weight_decay: 0.0 };
}

impl Default for Adadelta {
    fn default() -> Adadelta {
        Adadelta::DEFAULT
    }
}
