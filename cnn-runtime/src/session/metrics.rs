//! Sums over what a session trained on.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Sums over the samples trained since the last
/// [`Session::take_metrics`](crate::Session::take_metrics).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Metrics {
    /// Sum of the samples' losses, auxiliary ones included.
    pub loss: f64,
    /// Number of samples with a right answer: the largest score is that of the class, or the scores
    /// above 0 are those of the labels. Real values have none.
    pub correct: u64,
    /// Number of samples.
    pub samples: u64,
    /// Sum of the norms of the gradients before updates, where they were taken and are finite.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub gradient_norms: f64,
    /// Number of updates before which they were.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub normed_updates: u64,
}

impl Metrics {
    /// The mean norm of the gradients before an update, if any was taken.
    pub fn gradient_norm(&self) -> Option<f64> {
        (self.normed_updates > 0).then(|| self.gradient_norms / self.normed_updates as f64)
    }
}

/// Whether there is nothing to keep.
fn is_zero<T: Default + PartialEq>(sum: &T) -> bool {
    *sum == T::default()
}

impl AddAssign for Metrics {
    fn add_assign(&mut self, more: Metrics) {
        self.loss += more.loss;
        self.correct = self.correct.saturating_add(more.correct);
        self.samples = self.samples.saturating_add(more.samples);
        self.gradient_norms += more.gradient_norms;
        self.normed_updates = self.normed_updates.saturating_add(more.normed_updates);
    }
}
