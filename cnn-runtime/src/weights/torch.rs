//! Weights for PyTorch: a file whose tensors are exactly a module's state dict, so that
//! `model.load_state_dict(safetensors.torch.load_file(FILE))` takes it as it is.
//!
//! The file is what [`super::save`] writes, less the statistics of the data, which no module holds,
//! and with the counter `num_batches_tracked` beside every pair of running statistics, which a
//! strict load asks for. The counter is 0: torch only reads it where it averages without a
//! momentum.

use std::path::Path;

use cnn_core::Result;
use safetensors::Dtype;

use super::{Source, layout::Planned, parameters, write};
use crate::session::Session;

/// The end of the name of a batch norm's running mean.
const MEAN: &str = ".running_mean";

/// Writes a session's parameters and running statistics as a state dict, whole or not at all, and
/// returns the number of its tensors. The names of the classes, if there are any, stand in the
/// metadata, which torch passes over.
///
/// # Errors
///
/// As [`super::save`].
pub fn export(session: &mut Session, path: &Path) -> Result<usize> {
    let mut tensors: Vec<_> = parameters(session).collect();
    let layers = tensors.iter().filter_map(|tensor| tensor.name.strip_suffix(MEAN));
    let counters: Vec<_> = layers.map(counter).collect();
    tensors.extend(counters);
    let count = tensors.len();
    write(session, path, tensors)?;
    Ok(count)
}

/// The number of batches that a layer has counted, an integer scalar.
fn counter(layer: &str) -> Planned<Source> {
    let name = format!("{layer}.num_batches_tracked");
    Planned { name, dtype: Dtype::I64, shape: vec![], source: Source::Counter }
}
