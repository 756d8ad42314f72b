//! The losses by name: how a network's answer and its target become a number to make small.

use crate::{
    TargetKind,
    settings::{Bound, Kind, Range, optional, table, unset},
    source::plain,
};

plain! {
    /// The loss `l` of a sample's outputs `z` and its target `t`, both of `N` numbers, with the
    /// gradient `g` of the outputs. A class `y` is a target as one-hot vector, a set of labels one
    /// of ones and zeros.
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
        /// `l = sum |z - t| / N`, `g = sign(z - t) / N`.
        MeanAbsolute,
        /// With `d = |z - t|`: `l = sum h(d) / N`, `h = d² / 2` where `d <= delta`, else `delta (d -
        /// delta / 2)`; `g = clamp(z - t, -delta, delta) / N` (Huber 1964, as torch's `HuberLoss`).
        Huber {
            /// Where the parabola ends and the line begins.
            delta: f32,
        },
        /// A sigmoid for each output: `l = sum (max(z, 0) - z t + log(1 + exp(-|z|))) / N`, `g =
        /// (sigmoid(z) - t) / N`.
        BinaryCrossEntropy,
    }
}

impl LossKind {
    /// The loss of a network that names none.
    pub const fn of(target: TargetKind) -> LossKind {
        match target {
            TargetKind::Class => LossKind::CROSS_ENTROPY,
            TargetKind::Values => LossKind::MeanSquared,
            TargetKind::Labels => LossKind::BinaryCrossEntropy,
        }
    }

    /// True if the loss can compare outputs with such targets.
    pub const fn takes(&self, target: TargetKind) -> bool {
        match self {
            LossKind::CrossEntropy { .. } => matches!(target, TargetKind::Class),
            LossKind::BinaryCrossEntropy => matches!(target, TargetKind::Class | TargetKind::Labels),
            // A label is answered by a score above 0, which a distance to 0 or 1 does not lead to.
            LossKind::MeanSquared | LossKind::MeanAbsolute | LossKind::Huber { .. } => {
                matches!(target, TargetKind::Class | TargetKind::Values)
            }
        }
    }

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
        "mae" {} => [LossKind::MeanAbsolute],
        "huber" { delta: optional(Kind::POSITIVE, Bound::Number(1.0)) } => [LossKind::Huber { delta }],
        "binary_cross_entropy" {} => [LossKind::BinaryCrossEntropy],
    }
}
