//! Where a run is: all of the loop's state, and so what a checkpoint keeps of it.

use serde::{Deserialize, Serialize};

use super::EpochReport;
use crate::session::Metrics;

/// A place between two updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The epoch in progress, from 1; one more than asked for at the end.
    pub epoch: usize,
    /// Its images so far.
    pub done: usize,
    /// What was measured over them.
    pub sums: Metrics,
    /// What they took, in seconds.
    pub seconds: f64,
    /// Learning rate of the last update.
    pub lr: f32,
    /// The epochs before.
    pub history: Vec<EpochReport>,
}

impl Position {
    /// Before the first batch.
    pub fn start() -> Position {
        Position { epoch: 1, done: 0, sums: Metrics::default(), seconds: 0.0, lr: 0.0, history: Vec::new() }
    }

    /// Ends the epoch in progress.
    pub(super) fn next_epoch(&mut self, report: EpochReport) {
        self.history.push(report);
        let history = std::mem::take(&mut self.history);
        *self = Position { epoch: self.epoch + 1, history, ..Position::start() };
    }
}
