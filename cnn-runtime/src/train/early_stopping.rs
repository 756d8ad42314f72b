//! Stops training that no longer improves: after a number of epochs without a better one than
//! before.

use cnn_core::{Error, Result};

use super::{Callback, EpochReport, Flow, Start, best};
use crate::session::Session;

/// A callback that stops a run which no longer improves. Which epoch is better, [`best`] decides.
#[derive(Clone, Copy, Debug)]
pub struct EarlyStopping {
    patience: usize,
}

impl EarlyStopping {
    /// Stops after this many epochs, at least 1, without a better one.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] for 0, which would end every run after its first epoch.
    pub fn new(patience: usize) -> Result<EarlyStopping> {
        if patience == 0 {
            return Err(Error::Usage("patience 0: expected at least one epoch".into()));
        }
        Ok(EarlyStopping { patience })
    }

    fn flow(&self, history: &[EpochReport]) -> Flow {
        match (history.last(), best(history)) {
            (Some(last), Some(best)) if last.epoch.saturating_sub(best.epoch) >= self.patience => Flow::Stop,
            _ => Flow::Continue,
        }
    }
}

impl Callback for EarlyStopping {
    /// A run that was killed after its last epoch does not train another.
    fn on_start(&mut self, _session: &mut Session, start: &Start) -> Result<Flow> {
        Ok(self.flow(start.history))
    }

    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        Ok(self.flow(history))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::report;

    #[test]
    fn patience_counts_epochs_since_the_best() {
        let stopping = EarlyStopping::new(2).unwrap();
        let history = [report(1, 0.5, 1.0), report(2, 0.6, 1.0), report(3, 0.6, 1.0), report(4, 0.5, 0.5)];
        let flows: Vec<Flow> = (0..=4).map(|epochs| stopping.flow(&history[..epochs])).collect();
        assert_eq!(flows, [[Flow::Continue; 4].as_slice(), &[Flow::Stop]].concat());
    }
}
