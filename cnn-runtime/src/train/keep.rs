//! Keeps the weights of the last epoch and of the [`best`] in `last.safetensors` and `best.safetensors`.

use std::path::PathBuf;

use super::{Callback, EpochReport, Flow, best};
use crate::{error::Result, session::Session, weights};

/// The callback.
pub struct KeepWeights {
    folder: PathBuf,
}

impl KeepWeights {
    /// Keeps weights in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> KeepWeights {
        KeepWeights { folder: folder.into() }
    }
}

impl Callback for KeepWeights {
    fn on_epoch_end(&mut self, session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        weights::save(session, &self.folder.join("last.safetensors"))?;
        if best(history) == history.last() {
            weights::save(session, &self.folder.join("best.safetensors"))?;
        }
        Ok(Flow::Continue)
    }
}
