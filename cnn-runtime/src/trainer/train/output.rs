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
    trainer::{exit::Ending, usage, values::Resume},
};

/// Files by which a folder holds a run, all of which a run writes.
const RUN: [&str; 5] = ["last.ckpt", "last.safetensors", "best.safetensors", "metrics.jsonl", "metrics.csv"];

/// Proves that the folder can be written before anything is loaded for hours of work. A run that it
/// holds is replaced on request alone: file by file, as this one writes them. The folder is this
/// run's alone while the result is kept.
pub(super) fn prepare(kept: &Kept) -> Result<Option<File>> {
    let Some(folder) = &kept.output else { return Ok(None) };
    let reserved = files::reserve(folder)?;
    let paths = RUN.map(|name| folder.join(name));
    if let Some(other) = paths.iter().find(|path| path.exists() && !path.is_file()) {
        return Err(usage(format!(
            "{}: a run writes this file, and it is none: take it away",
            other.display()
        )));
    }
    if let Some(found) = paths.iter().find(|path| path.exists())
        && !kept.overwrite
        && !goes_on_in(kept, folder)
    {
        return Err(usage(format!(
            "--output {}: holds a run ({}); --resume auto goes on with it, --overwrite replaces it",
            folder.display(),
            found.file_name().unwrap_or_default().display()
        )));
    }
    files::create_writable(folder)?;
    Ok(reserved)
}

/// True if a run goes on with the one in the folder.
fn goes_on_in(kept: &Kept, folder: &Path) -> bool {
    let absolute = |path: &Path| path.canonicalize().ok();
    match &kept.resume {
        None => false,
        Some(Resume::Auto) => Checkpoints::last_in(folder).exists(),
        Some(Resume::From(path)) => {
            let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
            absolute(parent) == absolute(folder)
        }
    }
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
