//! Gives every update the learning rate of a schedule.

use cnn_core::Result;
use serde_json::Value;

use super::{Callback, EpochReport, Flow, Position, Start};
use crate::{optim::Rate, session::Session};

/// A callback that sets the learning rate of a schedule. Its state is what `plateau` remembers; all
/// else follows from the number of updates.
#[derive(Clone, Debug)]
pub struct LearningRate {
    rate: Rate,
}

impl LearningRate {
    /// Follows this course of the learning rate.
    pub fn new(rate: Rate) -> LearningRate {
        LearningRate { rate }
    }

    fn set(&self, session: &mut Session) -> Result<Flow> {
        session.set_lr(self.rate.at(session.steps()))?;
        Ok(Flow::Continue)
    }
}

impl Callback for LearningRate {
    fn on_start(&mut self, session: &mut Session, _start: &Start) -> Result<Flow> {
        self.set(session)
    }

    fn on_batch(&mut self, session: &mut Session, _position: &Position) -> Result<Flow> {
        self.set(session)
    }

    fn on_epoch_end(&mut self, session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        history.last().into_iter().for_each(|report| self.rate.observe(report.val_loss));
        self.set(session)
    }

    fn saved_as(&self) -> Option<&str> {
        Some("learning-rate")
    }

    fn state(&self) -> Value {
        serde_json::to_value(self.rate.plateau()).expect("numbers are JSON")
    }

    fn restore(&mut self, state: &Value) -> Result<(), String> {
        let plateau = serde_json::from_value(state.clone());
        self.rate
            .set_plateau(plateau.map_err(|error| format!("of another version of this program ({error})"))?);
        Ok(())
    }
}
