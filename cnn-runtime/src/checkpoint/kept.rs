//! Which checkpoints stay: `last.ckpt`, and on request those of the last epochs and of the best as
//! `epoch-N.ckpt`.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};

use super::{RunSettings, RunState, save};
use crate::{
    history::{EpochReport, Position, best},
    session::Session,
};

/// Where a run is saved, and which of its checkpoints stay there.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    settings: RunSettings,
    epochs: usize,
}

impl Checkpoints {
    /// Saves `last.ckpt` in a folder, which must exist. A run that resumes from it must have the
    /// same settings.
    pub fn new(folder: impl Into<PathBuf>, settings: RunSettings) -> Checkpoints {
        Checkpoints { folder: folder.into(), settings, epochs: 0 }
    }

    /// Keeps the checkpoints of this many last epochs, and of the [`best`], too. Those that another
    /// run left in the folder are replaced where this run has one of the same epoch, and never
    /// removed.
    pub fn keep_epochs(mut self, epochs: usize) -> Checkpoints {
        self.epochs = epochs;
        self
    }

    /// The file of the newest checkpoint in a folder.
    pub fn last_in(folder: &Path) -> PathBuf {
        folder.join("last.ckpt")
    }

    /// The settings that a resumed run must have in common with this one.
    pub fn settings(&self) -> &RunSettings {
        &self.settings
    }

    /// Saves a session and its run.
    pub(crate) fn save(&self, session: &mut Session, run: &RunState) -> Result<()> {
        save(session, &Self::last_in(&self.folder), run)?;
        if self.epochs > 0 && run.position.done == 0 {
            self.keep(&run.position).map_err(files::failed(&self.folder, "keep checkpoints in"))?;
        }
        Ok(())
    }

    /// Gives the checkpoint of an epoch's end a second name, and removes those that are no longer
    /// kept.
    fn keep(&self, position: &Position) -> io::Result<()> {
        let Some(last) = position.history.last().map(|report| report.epoch) else { return Ok(()) };
        files::link(&Self::last_in(&self.folder), &self.path(last))?;
        let kept = self.kept_after(&position.history);
        let before = self.kept_after(&position.history[..position.history.len() - 1]);
        let mut gone = before.into_iter().filter(|epoch| !kept.contains(epoch));
        gone.try_for_each(|epoch| files::if_there(fs::remove_file(self.path(epoch))))
    }

    /// The epochs whose checkpoints are there when the last of these epochs has been saved.
    fn kept_after(&self, history: &[EpochReport]) -> BTreeSet<usize> {
        let last = &history[history.len().saturating_sub(self.epochs)..];
        last.iter().chain(best(history)).map(|report| report.epoch).collect()
    }

    fn path(&self, epoch: usize) -> PathBuf {
        self.folder.join(format!("epoch-{epoch}.ckpt"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_and_the_best_stay() {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::new(folder.path(), RunSettings::default()).keep_epochs(2);
        let newest = Checkpoints::last_in(folder.path());
        let mut position = Position::start();
        for other in ["epoch-3.ckpt", "epoch-7.ckpt"] {
            fs::write(folder.path().join(other), "of another run").unwrap();
        }
        for (epoch, val_accuracy) in [(1, 0.5), (2, 0.9), (3, 0.6), (4, 0.7), (5, 0.8)] {
            fs::write(&newest, epoch.to_string()).unwrap();
            let val_accuracy = Some(val_accuracy);
            position.history.push(EpochReport { epoch, val_accuracy, ..EpochReport::default() });
            checkpoints.keep(&position).unwrap();
            fs::remove_file(&newest).unwrap();
        }
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["epoch-2.ckpt", "epoch-4.ckpt", "epoch-5.ckpt", "epoch-7.ckpt"]);
        assert_eq!(fs::read_to_string(folder.path().join("epoch-4.ckpt")).unwrap(), "4");
    }
}
