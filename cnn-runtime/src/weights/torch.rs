//! Weights for PyTorch: a file whose tensors are exactly a module's state dict, so that
//! `model.load_state_dict(safetensors.torch.load_file(FILE))` takes it as it is.
//!
//! That is what [`super::save`] writes, less the statistics of the data, which no module holds, and with the counter
//! `num_batches_tracked` beside every pair of running statistics, which a strict load asks for. It is 0: torch only reads it
//! where it averages without a momentum.

use std::{borrow::Cow, path::Path};

use safetensors::{Dtype, View, serialize};

use super::{
    own,
    tensors::{Tensor, weights_error},
};
use crate::{error::Result, files, session::Session};

/// What ends the name of a batch norm's first running statistic.
const MEAN: &str = ".running_mean";

/// A tensor of a state dict.
enum Entry<'a> {
    Values(&'a Tensor),
    /// An integer scalar.
    Zero,
}

impl View for Entry<'_> {
    fn dtype(&self) -> Dtype {
        match self {
            Entry::Values(tensor) => tensor.dtype(),
            Entry::Zero => Dtype::I64,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Entry::Values(tensor) => &tensor.shape,
            Entry::Zero => &[],
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Entry::Values(tensor) => tensor.data(),
            Entry::Zero => Cow::Borrowed(&[0; size_of::<i64>()]),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Entry::Values(tensor) => tensor.data_len(),
            Entry::Zero => size_of::<i64>(),
        }
    }
}

/// Writes a session's parameters and running statistics as a state dict, whole or not at all, and returns the number of its
/// tensors. The names of the classes, where there are any, stand in the metadata, which torch passes over.
///
/// # Errors
///
/// [`crate::Error::Io`] if the file cannot be written.
pub fn export(session: &mut Session, path: &Path) -> Result<usize> {
    let tensors = own(session)?;
    let values = tensors.iter().map(|tensor| (tensor.name.clone(), Entry::Values(tensor)));
    let layers = tensors.iter().filter_map(|tensor| tensor.name.strip_suffix(MEAN));
    let counters = layers.map(|layer| (format!("{layer}.num_batches_tracked"), Entry::Zero));
    let entries: Vec<_> = values.chain(counters).collect();
    let count = entries.len();
    let bytes = serialize(entries, session.companions().metadata())
        .map_err(|error| weights_error(path, error.to_string()))?;
    files::replace(path, &bytes)?;
    Ok(count)
}
