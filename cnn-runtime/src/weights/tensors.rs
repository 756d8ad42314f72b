//! Named tensors in memory, and files of them.

use std::path::Path;

use super::{
    floats,
    layout::{self, Planned},
};
use crate::error::{Error, Result};

/// A tensor to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Path of the tensor, `conv1.weight`.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Elements, the last dimension fastest.
    pub values: Vec<f32>,
}

impl Tensor {
    /// A tensor of this name and shape.
    pub fn new(name: impl Into<String>, shape: &[usize], values: Vec<f32>) -> Tensor {
        debug_assert_eq!(shape.iter().product::<usize>(), values.len());
        Tensor { name: name.into(), shape: shape.into(), values }
    }

    pub(crate) fn planned(&self) -> Planned<&Tensor> {
        Planned::floats(&self.name, &self.shape, self)
    }
}

/// Writes a safetensors file whole or not at all.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be written, [`Error::Weights`] if its head, with all the names, would be too large.
pub fn write(path: &Path, tensors: &[Tensor]) -> Result<()> {
    let planned = tensors.iter().map(Tensor::planned).collect();
    layout::write(path, planned, None, |tensor, out| floats::put(&tensor.values, out))
}

pub(crate) fn weights_error(path: &Path, message: String) -> Error {
    Error::Weights { path: path.into(), message }
}
