//! The output folder of a run: what is written there and when, and the checkpoint that a run goes
//! on from.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};

use super::args::Kept;
use crate::{
    checkpoint::{Checkpoints, RunSettings},
    train::{Curves, Fit, KeepWeights, Record, SaveEvery, TensorBoard},
    trainer::{exit::Ending, log_line, usage, values::Resume},
};

/// Proves that the folder can be written before anything is loaded for hours of work, and says if
/// it holds a run that this one replaces: file by file, as it writes them. The folder is this run's
/// alone while the result is kept.
pub(super) fn prepare(kept: &Kept) -> Result<Option<File>> {
    let Some(folder) = &kept.output else { return Ok(None) };
    let reserved = files::reserve(folder)?;
    files::create_writable(folder)?;
    if kept.resume.is_none() && Checkpoints::last_in(folder).exists() {
        log_line(&format!("{}: replaces the run in it; --resume auto goes on with it", folder.display()));
    }
    Ok(reserved)
}

/// Adds the callbacks that write the output folder. Weights are kept before they are reported: what
/// a reader of the record sees, exists. `resumed` is the checkpoint of the run that this one goes
/// on with.
pub(super) fn keeping<'a>(
    mut fit: Fit<'a>,
    kept: &Kept,
    settings: RunSettings,
    resumed: Option<&Path>,
) -> Fit<'a> {
    let weights = kept.output.as_ref().map_or_else(KeepWeights::nowhere, KeepWeights::new);
    fit = fit.callback(weights.after(resumed.and_then(Path::parent)));
    if let Some(folder) = &kept.output {
        fit = fit
            .callback(Record::new(folder))
            .callback(TensorBoard::new(folder))
            .callback(Curves::new(folder))
            .callback(SaveEvery::new(kept.checkpoint_every))
            .checkpoints(Checkpoints::new(folder, settings).keep_epochs(kept.keep));
    }
    fit
}

/// The checkpoint to go on from, if there is one.
pub(super) fn checkpoint(kept: &Kept) -> Result<Option<PathBuf>> {
    match (&kept.resume, &kept.output) {
        (None, _) => Ok(None),
        (Some(Resume::From(path)), _) => Ok(Some(path.clone())),
        (Some(Resume::Auto), Some(folder)) => {
            Ok(Some(Checkpoints::last_in(folder)).filter(|path| path.exists()))
        }
        (Some(Resume::Auto), None) => Err(usage("--resume auto needs --output, the folder with last.ckpt")),
    }
}

/// The end of a run that a signal ended.
pub(super) fn interrupted(kept: &Kept, exit_code: u8) -> Ending {
    let message = match &kept.output {
        Some(folder) => {
            format!("interrupted: --resume auto goes on from {}", Checkpoints::last_in(folder).display())
        }
        None => "interrupted: nothing is kept without --output".into(),
    };
    Ending::Interrupted { message, exit_code }
}
