//! Asks for a checkpoint whenever some time has passed since the last.

use std::time::{Duration, Instant};

use cnn_core::Result;

use super::{Callback, EpochReport, Flow, Position};
use crate::session::Session;

/// A callback that asks for a checkpoint at an interval. An epoch's end, which saves too, starts
/// the interval anew.
#[derive(Clone, Debug)]
pub struct SaveEvery {
    interval: Duration,
    last: Instant,
}

impl SaveEvery {
    /// Asks for checkpoints from now on, at this interval.
    pub fn new(interval: Duration) -> SaveEvery {
        SaveEvery { interval, last: Instant::now() }
    }
}

impl Callback for SaveEvery {
    fn on_batch(&mut self, _session: &mut Session, _position: &Position) -> Result<Flow> {
        if self.last.elapsed() < self.interval {
            return Ok(Flow::Continue);
        }
        self.last = Instant::now();
        Ok(Flow::Save)
    }

    fn on_epoch_end(&mut self, _session: &mut Session, _history: &[EpochReport]) -> Result<Flow> {
        self.last = Instant::now();
        Ok(Flow::Continue)
    }
}
