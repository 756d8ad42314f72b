//! Safetensors files as they are written: a head that says what follows, then the values, tensor by tensor and part by part.
//!
//! The library only writes tensors that are in memory as a whole. Its [`Metadata`] makes the head here, and the bytes are those
//! that it would write.

use std::{collections::HashMap, path::Path};

use safetensors::{
    Dtype, SafeTensorError,
    tensor::{Metadata, TensorInfo},
};

use super::{
    file::{LENGTH, LONGEST},
    tensors::weights_error,
};
use crate::{error::Result, files::Replacement};

/// Takes the next bytes of a file.
pub(crate) type Sink<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// A tensor that a file is to hold, and where its values come from.
pub(crate) struct Planned<S> {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) source: S,
}

/// The head of a file, and the sources of its tensors in the file's order.
pub(crate) struct Layout<S> {
    /// The head as it is written.
    pub(crate) head: Vec<u8>,
    sources: Vec<S>,
}

impl<S> Planned<S> {
    /// A tensor of floats.
    pub(crate) fn floats(name: impl Into<String>, shape: &[usize], source: S) -> Planned<S> {
        Planned { name: name.into(), dtype: Dtype::F32, shape: shape.into(), source }
    }
}

impl<S> Layout<S> {
    /// Of the file of a path, with metadata: text under names.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if there is no such file: its head would be too large.
    pub(crate) fn new(
        path: &Path,
        mut tensors: Vec<Planned<S>>,
        metadata: Option<HashMap<String, String>>,
    ) -> Result<Layout<S>> {
        tensors.sort_by(|a, b| b.dtype.cmp(&a.dtype).then_with(|| a.name.cmp(&b.name)));
        let head = head(&tensors, metadata).map_err(|error| weights_error(path, error.to_string()))?;
        Ok(Layout { head, sources: tensors.into_iter().map(|tensor| tensor.source).collect() })
    }

    /// Hands out the bytes of the file; `pour` hands out those of one tensor.
    ///
    /// # Errors
    ///
    /// The first of `out` or `pour`.
    pub(crate) fn emit(
        &self,
        out: &mut Sink,
        mut pour: impl FnMut(&S, &mut Sink) -> Result<()>,
    ) -> Result<()> {
        out(&self.head)?;
        self.sources.iter().try_for_each(|source| pour(source, out))
    }
}

/// Writes a file whole or not at all.
///
/// # Errors
///
/// [`crate::Error::Io`] if it cannot be written, [`crate::Error::Weights`] if its head would be too large, and the errors of `pour`.
pub(crate) fn write<S>(
    path: &Path,
    tensors: Vec<Planned<S>>,
    metadata: Option<HashMap<String, String>>,
    pour: impl FnMut(&S, &mut Sink) -> Result<()>,
) -> Result<()> {
    let layout = Layout::new(path, tensors, metadata)?;
    let mut file = Replacement::create(path)?;
    layout.emit(&mut |bytes| file.write(bytes), pour)?;
    file.finish()
}

/// The length of what follows, and that: JSON, padded with spaces so that the values are aligned.
fn head<S>(
    tensors: &[Planned<S>],
    metadata: Option<HashMap<String, String>>,
) -> Result<Vec<u8>, SafeTensorError> {
    let mut end = 0;
    let infos = tensors.iter().map(|Planned { name, dtype, shape, .. }| {
        let start = end;
        end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name.clone(), TensorInfo { dtype: *dtype, shape: shape.clone(), data_offsets: (start, end) })
    });
    let mut json = serde_json::to_vec(&Metadata::new(metadata, infos.collect())?)?;
    json.resize(json.len().next_multiple_of(LENGTH), b' ');
    if json.len() > LONGEST {
        return Err(SafeTensorError::HeaderTooLarge);
    }
    Ok([&(json.len() as u64).to_le_bytes()[..], &json].concat())
}

#[cfg(test)]
mod tests {
    use safetensors::{serialize, tensor::TensorView};

    use super::{
        super::{floats::put, tensors::Tensor},
        *,
    };

    #[test]
    fn the_bytes_are_the_librarys() {
        let tensors = [
            Tensor::new("conv.weight", &[3, 700], (0..2100).map(|value| value as f32 / 7.0).collect()),
            Tensor::new("a \"quoted\" name", &[1], vec![-0.0]),
            Tensor::new("Empty", &[0, 2], vec![]),
            Tensor::new("scalar", &[], vec![f32::NAN]),
        ];
        for metadata in [None, Some(HashMap::from([("classes".to_owned(), "[\"a\"]".to_owned())]))] {
            let layout =
                Layout::new(Path::new(""), tensors.iter().map(Tensor::planned).collect(), metadata.clone());
            let mut bytes = Vec::new();
            let mut out = |more: &[u8]| {
                bytes.extend_from_slice(more);
                Ok(())
            };
            layout.unwrap().emit(&mut out, |tensor, out| put(&tensor.values, out)).unwrap();
            let values = tensors
                .each_ref()
                .map(|tensor| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
            let views = tensors.iter().zip(&values).map(|(Tensor { name, shape, .. }, values)| {
                (name, TensorView::new(Dtype::F32, shape.clone(), values).unwrap())
            });
            assert_eq!(bytes, serialize(views, metadata).unwrap());
        }
    }
}
