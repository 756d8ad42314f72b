//! Stops training that no longer improves: after a number of epochs without a better one than before.

use super::{Callback, EpochReport, Flow, Start, best};
use crate::{error::Result, session::Session};

/// The callback. Which epoch is better, [`best`] decides.
pub struct EarlyStopping {
    /// Epochs without a better one until training stops.
    pub patience: usize,
}

impl EarlyStopping {
    fn flow(&self, history: &[EpochReport]) -> Flow {
        match (history.last(), best(history)) {
            (Some(last), Some(best)) if last.epoch - best.epoch >= self.patience => Flow::Stop,
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
    use super::{super::callback::tests::report, *};

    #[test]
    fn patience_counts_epochs_since_the_best() {
        let stopping = EarlyStopping { patience: 2 };
        let history = [report(1, 0.5, 1.0), report(2, 0.6, 1.0), report(3, 0.6, 1.0), report(4, 0.5, 0.5)];
        let flows: Vec<Flow> = (0..=4).map(|epochs| stopping.flow(&history[..epochs])).collect();
        assert_eq!(flows, [[Flow::Continue; 4].as_slice(), &[Flow::Stop]].concat());
    }
}
