//! Keeps the weights of the last epoch and of the best in `last.safetensors` and `best.safetensors`.
//!
//! Best is the highest validation accuracy, and the lower validation loss between equals.

use std::path::PathBuf;

use super::{Callback, EpochReport};
use crate::{error::Result, session::Session, weights};

/// The callback.
pub struct KeepWeights {
    folder: PathBuf,
    best: Option<EpochReport>,
}

impl KeepWeights {
    /// Keeps weights in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> KeepWeights {
        KeepWeights { folder: folder.into(), best: None }
    }
}

impl Callback for KeepWeights {
    fn on_epoch_end(&mut self, session: &mut Session, report: &EpochReport) -> Result<()> {
        weights::save(session, &self.folder.join("last.safetensors"))?;
        if self.best.is_none_or(|best| better(report, &best)) {
            weights::save(session, &self.folder.join("best.safetensors"))?;
            self.best = Some(*report);
        }
        Ok(())
    }
}

fn better(report: &EpochReport, best: &EpochReport) -> bool {
    let rank = |report: &EpochReport| (report.val_accuracy, -report.val_loss);
    rank(report) > rank(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_comes_first_and_an_equal_is_not_better() {
        let report = |val_accuracy, val_loss| EpochReport {
            epoch: 1,
            loss: 0.0,
            accuracy: 0.0,
            val_loss,
            val_accuracy,
            seconds: 0.0,
            images_per_second: 0.0,
        };
        assert!(better(&report(0.9, 2.0), &report(0.8, 1.0)));
        assert!(better(&report(0.9, 1.0), &report(0.9, 2.0)));
        assert!(!better(&report(0.9, 2.0), &report(0.9, 2.0)));
    }
}
