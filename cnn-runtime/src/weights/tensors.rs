//! Files of tensors that are in memory.

use std::{collections::BTreeMap, path::Path};

use cnn_core::{Result, Tensor};

use super::{
    floats,
    layout::{self, Planned},
};

/// Writes a safetensors file whole or not at all.
///
/// # Errors
///
/// [`crate::Error::Io`] if it cannot be written, [`crate::Error::Weights`] if two tensors have one
/// name, or if its head, with all the names, would be too large.
pub fn save_tensors(path: &Path, tensors: &[Tensor]) -> Result<()> {
    let planned = tensors.iter().map(|tensor| Planned::floats(tensor.name(), tensor.shape(), tensor));
    layout::write(path, planned.collect(), &BTreeMap::new(), |tensor, out| floats::put(tensor.values(), out))
}
