//! Checkpoints: all that a resumed run needs to go on as if it had never stopped.
//!
//! A checkpoint is one safetensors file: parameters and running statistics under their names,
//! optimizer state as `optimizer.SLOT.NAME`, all in torch's layouts, so that a file survives
//! another packing; beside them the [`RunState`] as JSON, and [`DataInfo`](crate::weights::DataInfo)
//! as files of weights hold it. A checksum covers every byte, and a file exists whole or not at all.
//!
//! What is byte-equal: the same session and the same [`RunState`], saved twice, make equal files.
//! Two equal runs have equal tensors in equal places; their files differ where times were measured,
//! in `seconds` and `images_per_second` of the run's state, and so in the checksum.

mod checksum;
mod entry;
mod kept;
mod run_settings;
mod sealed;

use std::{collections::BTreeMap, path::Path};

use cnn_core::{Error, Result, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    history::Position,
    session::Session,
    weights::{self, data_info, floats, layout::Planned},
};
use entry::{Entry, entries};

pub(crate) use checksum::checksum;
pub use kept::Checkpoints;
pub use run_settings::RunSettings;

/// A checkpoint without its tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunState {
    /// What must be the same when the run is resumed.
    pub settings: RunSettings,
    /// Updates so far.
    pub steps: u64,
    /// Where the training loop is.
    pub position: Position,
    /// States of callbacks by name.
    pub callbacks: BTreeMap<String, Value>,
}

/// Saves a session and the state of its run, whole or not at all.
///
/// # Errors
///
/// [`Error::Diverged`] if a parameter is NaN or infinite, [`Error::Io`] if the file cannot be
/// written, [`Error::Weights`] if its head, which holds the run's state, would be too large,
/// [`Error::Device`] if the device fails: what was saved before stays.
pub fn save(session: &mut Session, path: &Path, run: &RunState) -> Result<()> {
    let json = serde_json::to_string(run).expect("numbers, texts and lists are JSON");
    let (entries, info) = (entries(session), session.data_info().clone());
    let statistics = info.statistics().iter();
    let statistics =
        statistics.map(|tensor| Planned::floats(tensor.name(), tensor.shape(), Source::Statistic(tensor)));
    let tensors = entries.iter().map(Entry::planned).chain(statistics).collect();
    sealed::write(path, tensors, json, data_info::metadata(&info), |source, out| match source {
        Source::Entry(entry) => session.read_parts(entry.array, entry.index, &mut |values| {
            finite(&entry.name, values, run.position.epoch)?;
            floats::put(values, out)
        }),
        Source::Statistic(tensor) => floats::put(tensor.values(), out),
    })
}

/// Where the values of a tensor come from.
enum Source<'a> {
    Entry(&'a Entry),
    Statistic(&'a Tensor),
}

/// What a checkpoint says of the data of its run.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read or is no regular file, [`Error::Weights`] if it is
/// damaged or no checkpoint.
#[cfg(feature = "trainer")]
pub(crate) fn data_info(path: &Path) -> Result<cnn_core::DataInfo> {
    data_info::read(&mut sealed::open(path)?.0)
}

/// Refuses values of a tensor that are NaN or infinite; the error names the tensor.
fn finite(name: &str, values: &[f32], epoch: usize) -> Result<()> {
    let wrong = values.iter().find(|value| !value.is_finite());
    wrong.map_or(Ok(()), |&value| Err(Error::diverged(name, epoch)(value.into())))
}

/// Loads a session's parameters, optimizer state and [`DataInfo`](crate::weights::DataInfo), and
/// returns the state of the run, which must have had the same settings: all or none, unless
/// meanwhile the disk or the device fails or somebody writes to the file.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read or is no regular file, [`Error::Weights`] if it is
/// damaged, of another network or of another run, [`Error::Device`] if the device fails.
pub fn load(session: &mut Session, path: &Path, settings: &RunSettings) -> Result<RunState> {
    let (mut file, json) = sealed::open(path)?;
    let run: RunState = serde_json::from_str(&json).map_err(|error| {
        Error::weights(path, format!("saved by another version of this program ({error})"))
    })?;
    settings.agree(&run.settings).map_err(|message| Error::weights(path, message))?;
    if !run.position.is_consistent() {
        let (epoch, reports) = (run.position.epoch, run.position.history.len());
        return Err(Error::weights(path, format!("says that epoch {epoch} follows {reports} epochs")));
    }
    let entries = entries(session);
    let differences = weights::differences(entries.iter().map(Entry::expected), &file);
    if !differences.is_empty() {
        let differences: Vec<String> = differences.iter().map(ToString::to_string).collect();
        let (name, listed) = (session.description().name, weights::listed(&differences, "; "));
        return Err(Error::weights(path, format!("no checkpoint of {name} with this optimizer: {listed}")));
    }
    let info = data_info::read(&mut file)?;
    for entry in &entries {
        let mut values = file.values(&entry.name)?;
        session.write_parts(entry.array, entry.index, &mut |part| values.read(part))?;
    }
    session.set_steps(run.steps);
    session.set_data_info(info);
    Ok(run)
}
