//! Keeps the weights of the last epoch and of the [`best`] in `last.safetensors` and `best.safetensors`.
//!
//! A resumed run goes on with both in whatever folder it keeps them. The best weights so far are those of the file with the
//! checksum that the checkpoint names, here or where the earlier run kept them.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use flate2::CrcReader;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Callback, EpochReport, Flow, Start, best};
use crate::{
    error::Result,
    files::{Replacement, failed},
    session::Session,
    weights,
};

const LAST: &str = "last.safetensors";
const BEST: &str = "best.safetensors";

/// The callback.
pub struct KeepWeights {
    folder: Option<PathBuf>,
    earlier: Option<PathBuf>,
    kept: Kept,
}

/// What a resumed run must know of the files.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    /// Checksum of the best weights.
    best: Option<u32>,
    /// Epochs whose weights are no longer there: the best is one of those after them.
    lost: usize,
}

impl KeepWeights {
    /// Keeps weights in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> KeepWeights {
        KeepWeights { folder: Some(folder.into()), ..KeepWeights::nowhere() }
    }

    /// Keeps no weights: it only takes the state of a run that did.
    pub fn nowhere() -> KeepWeights {
        KeepWeights { folder: None, earlier: None, kept: Kept::default() }
    }

    /// Says where the run that is resumed, if one is, kept its weights.
    pub fn after(mut self, earlier: Option<&Path>) -> KeepWeights {
        self.earlier = earlier.map(Path::to_path_buf);
        self
    }

    fn keep(&mut self, folder: &Path, session: &mut Session, history: &[EpochReport]) -> Result<()> {
        weights::save(session, &folder.join(LAST))?;
        if self.is_best(history) {
            let path = folder.join(BEST);
            weights::save(session, &path)?;
            self.kept.best = Some(checksum(&path).map_err(failed(&path, "read"))?);
        }
        Ok(())
    }

    /// True if no epoch of which there are weights is better than the last.
    fn is_best(&self, history: &[EpochReport]) -> bool {
        best(history.get(self.kept.lost..).unwrap_or_default()) == history.last()
    }

    /// Brings the earlier run's weights of its last epoch into another folder.
    fn bring_last(&self, folder: &Path) -> Result<()> {
        let other = self.earlier.as_deref().filter(|earlier| *earlier != folder);
        match other.and_then(|earlier| File::open(earlier.join(LAST)).ok()) {
            Some(file) => copy(file, &folder.join(LAST)),
            None => Ok(()),
        }
    }

    /// Brings the best weights so far into the folder; false if they are nowhere.
    fn find_best(&self, folder: &Path) -> Result<bool> {
        let is_best = |path: &Path| checksum(path).is_ok_and(|found| Some(found) == self.kept.best);
        let path = folder.join(BEST);
        if is_best(&path) {
            return Ok(true);
        }
        let earlier = self.earlier.as_ref().map(|earlier| earlier.join(BEST));
        let Some(earlier) = earlier.filter(|earlier| is_best(earlier)) else { return Ok(false) };
        copy(File::open(&earlier).map_err(failed(&earlier, "read"))?, &path)?;
        Ok(true)
    }
}

impl Callback for KeepWeights {
    fn on_start(&mut self, session: &mut Session, start: &Start) -> Result<Flow> {
        let &Start { history, done, .. } = start;
        let Some(folder) = self.folder.clone().filter(|_| !history.is_empty()) else {
            return Ok(Flow::Continue);
        };
        if done == 0 {
            session.swap_average()?;
            self.keep(&folder, session, history)?;
            session.swap_average()?;
        } else {
            self.bring_last(&folder)?;
        }
        if !self.find_best(&folder)? {
            self.kept.lost = history.len();
        }
        Ok(Flow::Continue)
    }

    fn on_epoch_end(&mut self, session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        if let Some(folder) = self.folder.clone() {
            self.keep(&folder, session, history)?;
        }
        Ok(Flow::Continue)
    }

    fn saved_as(&self) -> Option<&str> {
        Some("weights")
    }

    fn state(&self) -> Value {
        serde_json::to_value(&self.kept).expect("numbers are JSON")
    }

    fn restore(&mut self, state: &Value) -> Result<(), String> {
        let kept = serde_json::from_value(state.clone());
        self.kept = kept.map_err(|error| format!("of another version of this program ({error})"))?;
        Ok(())
    }
}

fn copy(source: File, path: &Path) -> Result<()> {
    let mut file = Replacement::create(path)?;
    file.copy(source)?;
    file.finish()
}

fn checksum(path: &Path) -> io::Result<u32> {
    let mut file = CrcReader::new(File::open(path)?);
    io::copy(&mut file, &mut io::sink())?;
    Ok(file.crc().sum())
}
