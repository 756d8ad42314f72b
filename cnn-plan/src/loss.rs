//! Losses, each with its gradient.

use crate::source::plain;

plain! {
    /// How the scores of a sample and its label `y` become a loss `l` and the gradient `g` of the scores `z`; `t` is one-hot.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum LossKind {
        /// `l = -sum q log softmax(z)`, `g = sum(q) softmax(z) - q`, with `q[c] = w[c] ((1 - smoothing) t[c] + smoothing / N)`.
        CrossEntropy {
            /// Share of the target spread evenly over the classes (Szegedy et al. 2016).
            smoothing: f32,
            /// `w`, one for each class; 1 if absent. The mean over the batch is then a weighted one, as torch has it: each sample's
            /// `l` and `g` are divided by the mean of `w[y]` over the batch.
            class_weights: Option<&'static [f32]>,
        },
        /// `l = sum (z - t)² / N`, `g = 2 (z - t) / N`.
        MeanSquared,
        /// A sigmoid for each class: `l = sum (max(z, 0) - z t + log(1 + exp(-|z|))) / N`, `g = (sigmoid(z) - t) / N`.
        BinaryCrossEntropy,
    }
}

impl LossKind {
    /// Cross-entropy with neither smoothing nor weights.
    pub const CROSS_ENTROPY: LossKind = LossKind::CrossEntropy { smoothing: 0.0, class_weights: None };
}
