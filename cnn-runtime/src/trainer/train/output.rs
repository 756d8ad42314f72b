//! The output folder of a run: what is written there and when, and the checkpoint that a run goes on from.

use std::path::PathBuf;

use super::Args;
use crate::{
    checkpoint::{Checkpoints, Settings},
    error::{Error, Result},
    files,
    train::{Curves, EarlyStopping, Fit, KeepWeights, Record, SaveEvery, TensorBoard},
    trainer::{progress::Report, usage, values::Resume},
};

/// Proves that the folder can be written before anything is loaded for hours of work.
pub(super) fn prepare(args: &Args) -> Result<()> {
    args.output.as_deref().map_or(Ok(()), files::create_writable)
}

/// Weights are kept before they are reported: what a reader of the record sees, exists.
pub(super) fn callbacks<'a>(mut fit: Fit<'a>, args: &Args, settings: Settings) -> Fit<'a> {
    if let Some(folder) = &args.output {
        fit = fit
            .with(KeepWeights::new(folder))
            .with(Record::new(folder))
            .with(TensorBoard::new(folder))
            .with(Curves::new(folder))
            .with(SaveEvery::new(args.checkpoint_every))
            .saved(Checkpoints::new(folder, settings).keep_epochs(args.keep));
    }
    if let Some(patience) = args.patience {
        fit = fit.with(EarlyStopping { patience });
    }
    fit.with(Report::new())
}

/// The checkpoint to go on from, if there is one.
pub(super) fn checkpoint(args: &Args) -> Result<Option<PathBuf>> {
    match (&args.resume, &args.output) {
        (None, _) => Ok(None),
        (Some(Resume::From(path)), _) => Ok(Some(path.clone())),
        (Some(Resume::Auto), Some(folder)) => {
            Ok(Some(Checkpoints::last_in(folder)).filter(|path| path.exists()))
        }
        (Some(Resume::Auto), None) => Err(usage("--resume auto needs --output, the folder with last.ckpt")),
    }
}

/// The end of a run that a signal ended.
pub(super) fn interrupted(args: &Args, exit_code: u8) -> Error {
    let message = match &args.output {
        Some(folder) => {
            format!("interrupted: --resume auto goes on from {}", Checkpoints::last_in(folder).display())
        }
        None => "interrupted: nothing is kept without --output".into(),
    };
    Error::Interrupted { message, exit_code }
}
