//! Named tensors in safetensors files.
//!
//! Values are read through little-endian bytes: nothing in a file is aligned.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use safetensors::{Dtype, SafeTensorError, SafeTensors, View, serialize, tensor::TensorView};

use crate::{
    error::{Error, Result},
    files,
};

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
}

impl View for &Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        self.values.len() * size_of::<f32>()
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be written.
pub fn write(path: &Path, tensors: &[Tensor]) -> Result<()> {
    write_with(path, tensors, None)
}

/// [`write()`], with metadata: text under names.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be written.
pub fn write_with<'a>(
    path: &Path,
    tensors: impl IntoIterator<Item = &'a Tensor>,
    metadata: Option<HashMap<String, String>>,
) -> Result<()> {
    let views = tensors.into_iter().map(|tensor| (tensor.name.as_str(), tensor));
    let bytes = serialize(views, metadata).map_err(|error| weights_error(path, error.to_string()))?;
    files::replace(path, &bytes)
}

/// The bytes of a file, to be parsed where they are borrowed.
pub struct TensorFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl TensorFile {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read.
    pub fn read(path: &Path) -> Result<TensorFile> {
        let bytes = fs::read(path).map_err(files::failed(path, "read"))?;
        Ok(TensorFile { path: path.into(), bytes })
    }

    /// The tensors, borrowed from the bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Weights`] if this is no safetensors file or a damaged one.
    pub fn tensors(&self) -> Result<SafeTensors<'_>> {
        SafeTensors::deserialize(&self.bytes).map_err(|error| self.damaged(&error))
    }

    /// The metadata: text under names.
    ///
    /// # Errors
    ///
    /// As [`TensorFile::tensors`].
    pub fn metadata(&self) -> Result<Option<HashMap<String, String>>> {
        let (_, header) = SafeTensors::read_metadata(&self.bytes).map_err(|error| self.damaged(&error))?;
        Ok(header.metadata().clone())
    }

    fn damaged(&self, error: &SafeTensorError) -> Error {
        weights_error(&self.path, format!("not a whole safetensors file ({error})"))
    }
}

/// Elements of an f32 tensor.
pub fn floats(view: &TensorView) -> Vec<f32> {
    let (values, _) = view.data().as_chunks();
    values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// Elements of an i64 tensor.
pub fn integers(view: &TensorView) -> Vec<i64> {
    let (values, _) = view.data().as_chunks();
    values.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()
}

pub(crate) fn weights_error(path: &Path, message: String) -> Error {
    Error::Weights { path: path.into(), message }
}
