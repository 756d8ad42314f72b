//! What happens around training: a callback sees each report of the loop, and may save, end or fail
//! the run.
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

use cnn_core::Result;
use serde_json::Value;

use super::{
    EpochReport, Position, Score,
    score::{VAL_F1, VAL_R2},
};
use crate::session::Session;

/// What the training loop does next, as a callback answers. Of the answers of several callbacks the
/// last in this order counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Flow {
    /// Goes on.
    #[default]
    Continue,
    /// Saves a checkpoint and goes on.
    Save,
    /// Saves a checkpoint and ends training.
    Stop,
}

/// What is known when a run starts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Start<'a> {
    /// Epochs asked for.
    pub epochs: usize,
    /// Images of an epoch.
    pub images: usize,
    /// Updates of an epoch.
    pub updates: usize,
    /// The epochs that an earlier run finished, if this one resumes it.
    pub history: &'a [EpochReport],
    /// Images already seen of the epoch in progress.
    pub done: usize,
}

/// The state of an epoch in progress.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// The number of the epoch, from 1.
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

impl EpochReport {
    /// The score that validation measured on this many images.
    pub fn validation(&self, images: usize) -> Score {
        let figure = |name: &str| self.metrics.get(name).copied();
        Score {
            loss: self.val_loss,
            accuracy: self.val_accuracy,
            f1: figure(VAL_F1),
            r2: figure(VAL_R2),
            images: images as u64,
        }
    }

    /// The score of training, as far as it is measured.
    pub fn training(&self) -> Score {
        Score { loss: self.loss, accuracy: self.accuracy, ..Score::default() }
    }
}

/// Something to do during training.
///
/// The history of epochs is part of every checkpoint: a callback that follows from it alone needs
/// no state of its own. Whatever a method answers is acted upon at once.
pub trait Callback: Send {
    /// Is called before the first batch.
    ///
    /// # Errors
    ///
    /// An error ends the run, as from every method.
    fn on_start(&mut self, _session: &mut Session, _start: &Start) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// Is called after every update. Nothing is measured for this call, so it costs nothing on any
    /// device.
    fn on_batch(&mut self, _session: &mut Session, _position: &Position) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// Is called after some updates, and always after an epoch's last.
    fn on_progress(&mut self, _progress: &Progress) -> Result<()> {
        Ok(())
    }

    /// True once the run shall end, even within validation, whose batches ask this. A validation
    /// that was cut short gives no report: the checkpoint is that of the end of the epoch's
    /// training, and a resumed run validates again.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// Is called after validation. The history ends with the epoch's report.
    fn on_epoch_end(&mut self, _session: &mut Session, _history: &[EpochReport]) -> Result<Flow> {
        Ok(Flow::Continue)
    }

    /// The name of this callback's state in a checkpoint, if it has any: a fixed one, so that files
    /// outlive changes of the code, and another for each of several callbacks.
    fn saved_as(&self) -> Option<&str> {
        None
    }

    /// The state that a resumed run needs, if [`Callback::saved_as`] names it.
    fn state(&self) -> Value {
        Value::Null
    }

    /// Takes the state of an interrupted run, before [`Callback::on_start`]. A checkpoint from
    /// before this callback was added holds none.
    ///
    /// # Errors
    ///
    /// The reason why this is no state of the callback, such as `no number`.
    fn restore(&mut self, _state: &Value) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_answer_counts() {
        assert_eq!([Flow::Stop, Flow::Save, Flow::Continue].into_iter().max(), Some(Flow::Stop));
    }
}
