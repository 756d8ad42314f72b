//! What a training run remembers: the outcome of each epoch, and where the run is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::session::Metrics;

/// The outcome of an epoch; its fields are those of a line of `metrics.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EpochReport {
    /// The number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss over the epoch's updates, in training mode.
    pub loss: f64,
    /// Share of right answers over the epoch's updates, in training mode; real values have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Mean loss on the validation set after the epoch.
    pub val_loss: f64,
    /// Share of right answers on the validation set after the epoch; real values have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub val_accuracy: Option<f64>,
    /// Time of the whole epoch, validation included.
    pub seconds: f64,
    /// Training images per second of training, validation left out.
    pub images_per_second: f64,
    /// Learning rate of the last update.
    pub lr: f32,
    /// Other figures by name: `val_f1` of labels, `val_r2` of values, and `gradient_norm`, the mean
    /// over the epoch's updates, if it is taken (see
    /// [`Options::gradient_norm`](crate::Options::gradient_norm)).
    #[serde(flatten)]
    pub metrics: BTreeMap<String, f64>,
}

/// The best epoch so far: the highest validation accuracy, the lower validation loss between equals
/// and where real values have no accuracy, the first of equals.
pub fn best(history: &[EpochReport]) -> Option<&EpochReport> {
    let rank = |report: &EpochReport| (report.val_accuracy, -report.val_loss);
    history.iter().reduce(|best, report| if rank(report) > rank(best) { report } else { best })
}

/// A place between two updates of a run: all of the training loop's state, and so what a checkpoint
/// keeps of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Position {
    /// The epoch in progress, from 1; one more than asked for at the end.
    pub epoch: usize,
    /// Images of the epoch in progress so far.
    pub done: usize,
    /// What was measured over these images.
    pub sums: Metrics,
    /// Seconds that these images took.
    pub seconds: f64,
    /// Learning rate of the last update.
    pub lr: f32,
    /// Reports of the epochs before.
    pub history: Vec<EpochReport>,
}

impl Position {
    /// The place before the first batch.
    pub fn start() -> Position {
        Position { epoch: 1, done: 0, sums: Metrics::default(), seconds: 0.0, lr: 0.0, history: Vec::new() }
    }

    /// True if the epoch follows the last one of the history, as it does in every run.
    pub(crate) fn is_consistent(&self) -> bool {
        self.epoch.checked_sub(1) == Some(self.history.len())
    }

    /// Ends the epoch in progress.
    pub(crate) fn next_epoch(&mut self, report: EpochReport) {
        self.history.push(report);
        let history = std::mem::take(&mut self.history);
        *self = Position { epoch: history.len() + 1, history, ..Position::start() };
    }
}

impl Default for Position {
    /// [`Position::start`].
    fn default() -> Position {
        Position::start()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn report(epoch: usize, val_accuracy: f64, val_loss: f64) -> EpochReport {
        EpochReport {
            epoch,
            loss: 0.5,
            accuracy: Some(0.25),
            val_loss,
            val_accuracy: Some(val_accuracy),
            seconds: 2.0,
            images_per_second: 100.0,
            lr: 0.1,
            metrics: BTreeMap::new(),
        }
    }

    #[test]
    fn accuracy_comes_first_and_an_equal_is_not_better() {
        let epoch = |history: &[EpochReport]| best(history).map(|report| report.epoch);
        assert_eq!(epoch(&[]), None);
        assert_eq!(epoch(&[report(1, 0.8, 1.0), report(2, 0.9, 2.0)]), Some(2));
        assert_eq!(epoch(&[report(1, 0.9, 2.0), report(2, 0.9, 1.0)]), Some(2));
        assert_eq!(epoch(&[report(1, 0.9, 2.0), report(2, 0.9, 2.0), report(3, 0.1, 0.1)]), Some(1));
    }
}
