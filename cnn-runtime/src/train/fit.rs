//! A training run: its settings and callbacks, and its way into a checkpoint and back.

use std::path::Path;

use serde_json::Value;

use super::{Callback, Position};
use crate::{
    checkpoint::{self, Checkpoints, RunState, Settings},
    error::Result,
    session::Session,
};

/// A training run: how long, and what happens around it.
pub struct Fit<'a> {
    pub(super) epochs: usize,
    pub(super) seed: u64,
    pub(super) accumulate: usize,
    pub(super) callbacks: Vec<Box<dyn Callback + 'a>>,
    checkpoints: Option<Checkpoints>,
    pub(super) position: Position,
}

impl<'a> Fit<'a> {
    /// A run of this many passes over the training set, whose order depends on the seed.
    pub fn new(epochs: usize, seed: u64) -> Fit<'a> {
        Fit {
            epochs,
            seed,
            accumulate: 1,
            callbacks: Vec::new(),
            checkpoints: None,
            position: Position::start(),
        }
    }

    /// Makes one update of the mean gradient of this many batches, as if they were one.
    pub fn accumulating(mut self, batches: usize) -> Fit<'a> {
        self.accumulate = batches.max(1);
        self
    }

    /// Adds a callback, to be called after those before it.
    pub fn with(mut self, callback: impl Callback + 'a) -> Fit<'a> {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// Saves the run at the end of every epoch and when a callback asks for it.
    pub fn saved(mut self, checkpoints: Checkpoints) -> Fit<'a> {
        self.checkpoints = Some(checkpoints);
        self
    }

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
