//! What happens around training: a callback sees each report of the loop and may end it with an error.

use serde::Serialize;

use super::Score;
use crate::{error::Result, session::Session};

/// The state of an epoch in progress.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// From 1.
    pub epoch: usize,
    /// Epochs asked for.
    pub epochs: usize,
    /// Images of this epoch so far.
    pub done: usize,
    /// Images of an epoch.
    pub images: usize,
    /// Means over this epoch so far, in training mode.
    pub score: Score,
    /// Training speed of this epoch so far.
    pub images_per_second: f64,
}

/// The outcome of an epoch; its fields are those of a line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct EpochReport {
    /// From 1.
    pub epoch: usize,
    /// Mean loss over the epoch's updates, in training mode.
    pub loss: f64,
    /// Share of correct answers over the epoch's updates, in training mode.
    pub accuracy: f64,
    /// Mean loss on the validation set after the epoch.
    pub val_loss: f64,
    /// Share of correct answers on the validation set after the epoch.
    pub val_accuracy: f64,
    /// Time of the whole epoch, validation included.
    pub seconds: f64,
    /// Training images per second of training, validation left out.
    pub images_per_second: f64,
}

/// Something to do during training.
pub trait Callback {
    /// After some batches, and always after an epoch's last.
    fn on_batch(&mut self, _progress: &Progress) -> Result<()> {
        Ok(())
    }

    /// After validation.
    fn on_epoch_end(&mut self, _session: &mut Session, _report: &EpochReport) -> Result<()> {
        Ok(())
    }
}
