//! A run's way into a checkpoint and back.

use std::path::Path;

use serde_json::Value;

use super::Fit;
use crate::{
    checkpoint::{self, RunState, Settings},
    error::Result,
    session::Session,
};

impl Fit<'_> {
    /// Goes on where a checkpoint was saved: takes its parameters, optimizer state, position and history. With
    /// [`Fit::saved`] before it, the settings of both must agree.
    ///
    /// # Errors
    ///
    /// As [`checkpoint::load`], and what a callback reports.
    pub fn resume(&mut self, session: &mut Session, path: &Path) -> Result<()> {
        let any = Settings::default();
        let settings = self.checkpoints.as_ref().map_or(&any, |checkpoints| checkpoints.settings());
        let run = checkpoint::load(session, path, settings)?;
        for callback in &mut self.callbacks {
            if let Some(state) = run.callbacks.get(callback.name()) {
                callback.restore(state)?;
            }
        }
        self.position = run.position;
        Ok(())
    }

    /// Saves a checkpoint, if this run has any. What was measured so far is checked first.
    pub(super) fn save(&mut self, session: &mut Session) -> Result<()> {
        self.measure(session)?;
        let Some(checkpoints) = &self.checkpoints else { return Ok(()) };
        let states = self.callbacks.iter().map(|callback| (callback.name().to_owned(), callback.state()));
        let run = RunState {
            settings: checkpoints.settings().clone(),
            steps: session.steps(),
            position: self.position.clone(),
            callbacks: states.filter(|(_, state)| *state != Value::Null).collect(),
        };
        checkpoints.save(session, &run)
    }
}
