//! What happens around training: a callback sees each report of the loop, and may save, end or fail the run.
//!
//! ```
//! use cnn_runtime::{
//!     Result, Session,
//!     train::{Callback, EpochReport, Flow, Progress},
//! };
//!
//! /// Prints the loss and stops once it is low enough.
//! struct Goal {
//!     loss: f64,
//! }
//!
//! impl Callback for Goal {
//!     fn on_progress(&mut self, progress: &Progress) -> Result<()> {
//!         println!("{} of {}: loss {:.4}", progress.done, progress.images, progress.score.loss);
//!         Ok(())
//!     }
//!
//!     fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
//!         let reached = history.last().is_some_and(|epoch| epoch.val_loss <= self.loss);
//!         Ok(if reached { Flow::Stop } else { Flow::Continue })
//!     }
//! }
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Position, Score};
use crate::{error::Result, session::Session};

/// What the loop does next. Of several answers the last in this order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    /// Goes on.
    Continue,
    /// Saves a checkpoint and goes on.
    Save,
    /// Saves a checkpoint and ends training.
    Stop,
}

/// What is known when a run starts.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// Epochs asked for.
    pub epochs: usize,
    /// Images of an epoch.
    pub images: usize,
    /// The epochs that an earlier run finished, if this one resumes it.
    pub history: &'a [EpochReport],
    /// Images already seen of the epoch in progress.
    pub done: usize,
}

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
    /// Share of the epoch's time so far in which the device waited for images.
    pub waiting: f64,
}

/// The outcome of an epoch; its fields are those of a line of `metrics.jsonl`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Learning rate of the last update.
    pub lr: f32,
}

impl EpochReport {
    /// What validation measured on this many images.
    pub fn validation(&self, images: usize) -> Score {
        Score { loss: self.val_loss, accuracy: self.val_accuracy, images: images as u64 }
    }
}

/// The best epoch so far: the highest validation accuracy, the lower validation loss between equals, the first of equals.
pub fn best(history: &[EpochReport]) -> Option<&EpochReport> {
    let rank = |report: &EpochReport| (report.val_accuracy, -report.val_loss);
    history.iter().reduce(|best, report| if rank(report) > rank(best) { report } else { best })
}

/// Something to do during training.
///
/// The history of epochs is part of every checkpoint: a callback that follows from it alone needs no state of its own.
pub trait Callback: Send {
    /// Before the first batch.
    fn on_start(&mut self, _session: &mut Session, _start: &Start) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// After every update. Nothing is measured for this call, so it costs nothing on any device.
    fn on_batch(&mut self, _session: &mut Session, _position: &Position) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// After some updates, and always after an epoch's last.
    fn on_progress(&mut self, _progress: &Progress) -> Result<()> {
        Ok(())
    }

    /// True once the run shall end, even within validation, whose batches ask this. A validation that was cut short gives no report:
    /// the checkpoint is that of the end of the epoch's training, and a resumed run validates again.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// After validation. The history ends with the epoch's report.
    fn on_epoch_end(&mut self, _session: &mut Session, _history: &[EpochReport]) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// The name of this callback's state in a checkpoint, if it has any: a fixed one, so that files outlive changes of the code,
    /// and another for each of several callbacks.
    fn saved_as(&self) -> Option<&str> {
        None
    }

    /// What a resumed run needs to know, if [`Callback::saved_as`] names it.
    fn state(&self) -> Value {
        Value::Null
    }

    /// Takes the state of an interrupted run, before [`Callback::on_start`]. A checkpoint from before this callback was added
    /// holds none.
    ///
    /// # Errors
    ///
    /// Why this is no state of the callback.
    fn restore(&mut self, _state: &Value) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn report(epoch: usize, val_accuracy: f64, val_loss: f64) -> EpochReport {
        EpochReport {
            epoch,
            loss: 0.5,
            accuracy: 0.25,
            val_loss,
            val_accuracy,
            seconds: 2.0,
            images_per_second: 100.0,
            lr: 0.1,
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

    #[test]
    fn the_strongest_answer_counts() {
        assert_eq!([Flow::Stop, Flow::Save, Flow::Continue].into_iter().max(), Some(Flow::Stop));
    }
}
