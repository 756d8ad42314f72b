//! How good a network's answers are, in a few numbers.

use std::collections::BTreeMap;

use cnn_core::{Error, Result};

use crate::{plan::TargetKind, session::Metrics};

/// The name of [`Score::f1`] in reports of validation.
pub(super) const VAL_F1: &str = "val_f1";
/// The name of [`Score::r2`] in reports of validation.
pub(super) const VAL_R2: &str = "val_r2";

/// The name of the mean norm of the gradients before an update in reports of training.
pub(super) const GRADIENT_NORM: &str = "gradient_norm";

/// Means over some images. Besides the loss there is what the targets allow.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Score {
    /// Mean loss.
    pub loss: f64,
    /// Share of right answers: of images whose largest score is their class's, or whose scores
    /// above 0 are those of all their labels and no others. Real values have none.
    pub accuracy: Option<f64>,
    /// `2 right / (answered + true)` over all labels of all images, of validation.
    pub f1: Option<f64>,
    /// The coefficient of determination, `1 - sum (z - t)² / sum (t - mean)²`, as the mean over the
    /// values, of validation. Where all targets are equal it is 1 for exact answers, else 0.
    pub r2: Option<f64>,
    /// Number of images.
    pub images: u64,
}

impl Score {
    /// What sums over training or validation say of answers to such targets.
    pub(crate) fn of(sums: Metrics, target: TargetKind) -> Score {
        let count = sums.samples.max(1) as f64;
        let accuracy = match target {
            TargetKind::Class | TargetKind::Labels => Some(sums.correct as f64 / count),
            TargetKind::Values => None,
        };
        Score { loss: sums.loss / count, accuracy, images: sums.samples, ..Score::default() }
    }

    /// The score, unless its loss is NaN or infinite.
    ///
    /// # Errors
    ///
    /// What `error` makes of a loss that is not finite.
    pub fn finite(self, error: impl FnOnce(f64) -> Error) -> Result<Score> {
        if self.loss.is_finite() { Ok(self) } else { Err(error(self.loss)) }
    }

    /// What a report of this validation holds besides loss and accuracy.
    pub(super) fn metrics(&self) -> BTreeMap<String, f64> {
        let figures = [(VAL_F1, self.f1), (VAL_R2, self.r2)];
        figures.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect()
    }

    /// What is known besides the loss, by name: `accuracy`, `f1`, `r2`.
    pub fn figures(&self) -> impl Iterator<Item = (&'static str, f64)> + use<> {
        let figures = [("accuracy", self.accuracy), ("f1", self.f1), ("r2", self.r2)];
        figures.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}
