//! Keeps the weights of the last epoch and of the [`best`] in `last.safetensors` and
//! `best.safetensors`, two names of one file while the last is the best.
//!
//! A resumed run goes on with both in whatever folder it keeps them. The best weights so far are
//! those of the file with the checksum that the checkpoint names, here or where the earlier run
//! kept them.

use std::{
    fs::File,
    io::{Read, Seek},
    path::{Path, PathBuf},
};

use cnn_core::{
    Result,
    files::{BUFFER, Replacement, failed, link},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Callback, EpochReport, Flow, Start, best};
use crate::{checkpoint::checksum, session::Session, weights};

const LAST: &str = "last.safetensors";
const BEST: &str = "best.safetensors";

/// A callback that keeps the weights of the last and of the best epoch in a folder.
#[derive(Debug)]
pub struct KeepWeights {
    folder: Option<PathBuf>,
    earlier: Option<PathBuf>,
    kept: Kept,
}

/// What a resumed run must know of the files.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Checksum of the best weights.
    best: Option<u32>,
    /// Number of the first epochs whose weights are no longer there: the best is one of those after
    /// them.
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
        let last = folder.join(LAST);
        weights::save(session, &last)?;
        if self.is_best(history) {
            link(&last, &folder.join(BEST)).map_err(failed(folder, "keep weights in"))?;
            self.kept.best = Some(File::open(&last).and_then(checksum).map_err(failed(&last, "read"))?);
        }
        Ok(())
    }

    /// True if no epoch of which there are weights is better than the last.
    fn is_best(&self, history: &[EpochReport]) -> bool {
        best(history.get(self.kept.lost..).unwrap_or_default()) == history.last()
    }

    /// Brings the earlier run's weights of its last epoch into another folder, if they can be read.
    fn bring_last(&self, folder: &Path) -> Result<()> {
        let other = self.earlier.as_deref().filter(|earlier| *earlier != folder);
        match other.and_then(|earlier| File::open(earlier.join(LAST)).ok()) {
            Some(file) => copy(file, &folder.join(LAST)).map(drop),
            None => Ok(()),
        }
    }

    /// Brings the best weights so far into the folder; false if they can be read nowhere.
    fn find_best(&self, folder: &Path) -> Result<bool> {
        if self.best_in(folder).is_some() {
            return Ok(true);
        }
        match self.earlier.as_deref().and_then(|earlier| self.best_in(earlier)) {
            Some(file) => copy(file, &folder.join(BEST)),
            None => Ok(false),
        }
    }

    /// A folder's best weights, if they are the best so far.
    fn best_in(&self, folder: &Path) -> Option<File> {
        let mut file = File::open(folder.join(BEST)).ok()?;
        let found = checksum(&file).ok()?;
        file.rewind().ok()?;
        (Some(found) == self.kept.best).then_some(file)
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

/// Copies a file to a path, whole or not at all; false if it cannot be read.
fn copy(source: File, path: &Path) -> Result<bool> {
    let mut file = Replacement::create(path)?;
    let mut bytes = Vec::with_capacity(BUFFER);
    loop {
        bytes.clear();
        match (&source).take(BUFFER as u64).read_to_end(&mut bytes) {
            Ok(0) => return file.finish().map(|()| true),
            Ok(_) => file.write(&bytes)?,
            Err(_) => return Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_checked_is_copied() {
        let parent = tempfile::tempdir().unwrap();
        let [earlier, folder] = ["earlier", "folder"].map(|name| parent.path().join(name));
        fs::create_dir(&earlier).unwrap();
        fs::create_dir(&folder).unwrap();
        fs::write(earlier.join(BEST), "the best").unwrap();
        let mut keep = KeepWeights::new(&folder).after(Some(&earlier));
        keep.kept.best = Some(checksum(&b"the best"[..]).unwrap());
        let file = keep.best_in(&earlier).unwrap();
        cnn_core::files::replace(&earlier.join(BEST), b"others").unwrap();
        assert!(!keep.find_best(&folder).unwrap());
        assert!(copy(file, &folder.join(BEST)).unwrap());
        assert!(keep.find_best(&folder).unwrap());
        assert_eq!(fs::read(folder.join(BEST)).unwrap(), b"the best");
    }

    #[test]
    fn what_cannot_be_read_is_not_brought() {
        let parent = tempfile::tempdir().unwrap();
        let [earlier, folder] = ["earlier", "folder"].map(|name| parent.path().join(name));
        // A folder opens on some systems, and does not read.
        fs::create_dir_all(earlier.join(LAST)).unwrap();
        fs::create_dir(&folder).unwrap();
        KeepWeights::new(&folder).after(Some(&earlier)).bring_last(&folder).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
