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
}

impl AddAssign for Metrics {
    fn add_assign(&mut self, more: Metrics) {
        self.loss += more.loss;
        self.correct = self.correct.saturating_add(more.correct);
        self.samples = self.samples.saturating_add(more.samples);
    }
}
