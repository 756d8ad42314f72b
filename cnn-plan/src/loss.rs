//! The losses by name: how scores and a label become a number to make small.

use crate::{
    settings::{Bound, Kind, Range, optional, table, unset},
    source::plain,
};

plain! {
    /// The loss `l` of a sample's scores `z` and its label `y`, with the gradient `g` of the
    /// scores; `t` is the label one-hot, of `N` classes.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum LossKind {
        /// `l = -sum q log softmax(z)`, `g = sum(q) softmax(z) - q`, with
        /// `q[c] = w[c] ((1 - smoothing) t[c] + smoothing / N)`.
        CrossEntropy {
            /// Share of the target that is spread evenly over the classes (Szegedy et al. 2016).
            smoothing: f32,
            /// Weights `w`, one for each class; 1 if absent. The mean over the batch is then a
            /// weighted one, as in torch: each sample's `l` and `g` are divided by the mean of
            /// `w[y]` over the batch.
            class_weights: Option<&'static [f32]>,
        },
        /// `l = sum (z - t)² / N`, `g = 2 (z - t) / N`.
        MeanSquared,
        /// A sigmoid for each class: `l = sum (max(z, 0) - z t + log(1 + exp(-|z|))) / N`, `g =
        /// (sigmoid(z) - t) / N`.
        BinaryCrossEntropy,
    }
}

impl LossKind {
    /// Cross-entropy with neither smoothing nor weights.
    pub const CROSS_ENTROPY: LossKind = LossKind::CrossEntropy { smoothing: 0.0, class_weights: None };
}

table! {
    /// All losses.
    pub const LOSSES: LossKind = "loss" {
        "cross_entropy" {
            label_smoothing: optional(Kind::FRACTION, Bound::Number(0.0)),
            class_weights: unset(Kind::Numbers(Range::POSITIVE)),
        } => [LossKind::CrossEntropy { smoothing: label_smoothing, class_weights }],
        "mse" {} => [LossKind::MeanSquared],
        "binary_cross_entropy" {} => [LossKind::BinaryCrossEntropy],
    }
}
