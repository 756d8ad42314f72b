//! Gives every update the learning rate of a schedule.

use cnn_core::Result;
use serde_json::Value;

use super::{Callback, EpochReport, Flow, Position, Start};
use crate::{
    optim::{Plateau, Rate, Schedule},
    session::Session,
};

/// A callback that sets the learning rate of a schedule, whose full rate is the one that the
/// session was made with. Its state is what `plateau` remembers; all else follows from the number of updates.
#[derive(Clone, Debug)]
pub struct LearningRate {
    schedule: Schedule,
    /// Once the run's length is known.
    rate: Option<Rate>,
    /// Of an earlier run.
    plateau: Plateau,
}

impl LearningRate {
    /// The name of its state in checkpoints.
    pub(super) const STATE: &'static str = "learning-rate";

    /// Follows this course of the learning rate.
    pub fn new(schedule: Schedule) -> LearningRate {
        LearningRate { schedule, rate: None, plateau: Plateau::default() }
    }

    fn set(&self, session: &mut Session) -> Result<Flow> {
        if let Some(rate) = &self.rate {
            session.set_lr(rate.at(session.steps()))?;
        }
        Ok(Flow::Continue)
    }
}

impl Callback for LearningRate {
    fn on_start(&mut self, session: &mut Session, start: &Start) -> Result<Flow> {
        if self.rate.is_none() {
            let mut rate = Rate::new(self.schedule, session.full_lr(), start.updates, start.epochs);
            rate.set_plateau(self.plateau);
            self.rate = Some(rate);
        }
        self.set(session)
    }

    fn on_batch(&mut self, session: &mut Session, _position: &Position) -> Result<Flow> {
        self.set(session)
    }

    fn on_epoch_end(&mut self, session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        if let (Some(rate), Some(report)) = (&mut self.rate, history.last()) {
            rate.observe(report.val_loss);
        }
        self.set(session)
    }

    fn saved_as(&self) -> Option<&str> {
        Some(LearningRate::STATE)
    }

    fn state(&self) -> Value {
        serde_json::to_value(self.rate.as_ref().map_or(self.plateau, Rate::plateau))
            .expect("numbers are JSON")
    }

    fn restore(&mut self, state: &Value) -> Result<(), String> {
        let plateau = serde_json::from_value(state.clone());
        self.plateau = plateau.map_err(|error| format!("of another version of this program ({error})"))?;
        Ok(())
    }
}
