//! Safetensors files as they are written: a head that says what follows, then the values, tensor by
//! tensor and part by part.
//!
//! The library `safetensors` only writes tensors that are in memory as a whole, and the entries of
//! its metadata in any order. The bytes here are those that it would write, with these entries in
//! the order of their names: equal contents make equal files.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use cnn_core::{Error, Result, files::Replacement};
use safetensors::{Dtype, tensor::TensorInfo};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    floats::Sink,
    safetensors::{LENGTH, LONGEST},
};

/// The key of the metadata among the names of tensors.
const METADATA: &str = "__metadata__";

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
    /// The layout of the file of a path; its metadata is text under names.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if there is no such file: two tensors have one name, a name
    /// belongs to the metadata, or its head would be too large.
    pub(crate) fn new(
        path: &Path,
        mut tensors: Vec<Planned<S>>,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Layout<S>> {
        tensors.sort_by(|a, b| b.dtype.cmp(&a.dtype).then_with(|| a.name.cmp(&b.name)));
        check_names(&tensors).map_err(|message| Error::weights(path, message))?;
        let head = head(&tensors, metadata).map_err(|message| Error::weights(path, message))?;
        Ok(Layout { head, sources: tensors.into_iter().map(|tensor| tensor.source).collect() })
    }

    /// Hands out the bytes of the file; `pour` hands out those of one tensor.
    ///
    /// # Errors
    ///
    /// The first error of `out` or `pour`.
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
/// [`crate::Error::Io`] if it cannot be written, the errors of [`Layout::new`], and those of
/// `pour`.
pub(crate) fn write<S>(
    path: &Path,
    tensors: Vec<Planned<S>>,
    metadata: &BTreeMap<String, String>,
    pour: impl FnMut(&S, &mut Sink) -> Result<()>,
) -> Result<()> {
    let layout = Layout::new(path, tensors, metadata)?;
    let mut file = Replacement::create(path)?;
    layout.emit(&mut |bytes| file.write(bytes), pour)?;
    file.finish()
}

fn check_names<S>(tensors: &[Planned<S>]) -> Result<(), String> {
    let mut names = BTreeSet::from([METADATA]);
    match tensors.iter().find(|tensor| !names.insert(&tensor.name)) {
        Some(tensor) if tensor.name == METADATA => Err(format!("{METADATA} is no name of a tensor")),
        Some(tensor) => Err(format!("two tensors have the name {}: each needs one of its own", tensor.name)),
        None => Ok(()),
    }
}

/// The length of the JSON, and the JSON, padded with spaces so that the values are aligned.
fn head<S>(tensors: &[Planned<S>], metadata: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
    let mut end = 0;
    let infos = tensors.iter().map(|Planned { name, dtype, shape, .. }| {
        let start = end;
        end += shape.iter().product::<usize>() * dtype.bitsize() / 8;
        (name.as_str(), TensorInfo { dtype: *dtype, shape: shape.clone(), data_offsets: (start, end) })
    });
    let head = Head { metadata, infos: infos.collect() };
    let mut json = serde_json::to_vec(&head).expect("texts and numbers are JSON");
    json.resize(json.len().next_multiple_of(LENGTH), b' ');
    if json.len() > LONGEST {
        return Err(format!(
            "its head would have {} bytes, more than the {LONGEST} that are read",
            json.len()
        ));
    }
    Ok([&(json.len() as u64).to_le_bytes()[..], &json].concat())
}

/// The JSON of a head: the metadata, if there is any, and what each tensor is.
struct Head<'a> {
    metadata: &'a BTreeMap<String, String>,
    infos: Vec<(&'a str, TensorInfo)>,
}

impl Serialize for Head<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.metadata.is_empty() {
            map.serialize_entry(METADATA, self.metadata)?;
        }
        self.infos.iter().try_for_each(|(name, info)| map.serialize_entry(name, info))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use cnn_core::Tensor;
    use safetensors::{serialize, tensor::TensorView};

    use super::*;
    use crate::weights::floats::put;

    /// The bytes of a file with these tensors.
    fn bytes(tensors: &[Tensor], metadata: &BTreeMap<String, String>) -> Result<Vec<u8>> {
        let planned = tensors.iter().map(|tensor| Planned::floats(tensor.name(), tensor.shape(), tensor));
        let mut bytes = Vec::new();
        let mut out = |more: &[u8]| {
            bytes.extend_from_slice(more);
            Ok(())
        };
        let layout = Layout::new(Path::new("a.safetensors"), planned.collect(), metadata)?;
        layout.emit(&mut out, |tensor, out| put(tensor.values(), out))?;
        Ok(bytes)
    }

    fn tensor(name: &str, shape: &[usize], values: Vec<f32>) -> Tensor {
        Tensor::new(name, shape, values).unwrap()
    }

    #[test]
    fn the_bytes_are_the_librarys() {
        let tensors = [
            tensor("conv.weight", &[3, 700], (0..2100).map(|value| value as f32 / 7.0).collect()),
            tensor("a \"quoted\" name", &[1], vec![-0.0]),
            tensor("Empty", &[0, 2], vec![]),
            tensor("scalar", &[], vec![f32::NAN]),
        ];
        for metadata in [BTreeMap::new(), BTreeMap::from([("classes".to_owned(), "[\"a\"]".to_owned())])] {
            let values = tensors.each_ref().map(|tensor| {
                tensor.values().iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>()
            });
            let views = tensors.iter().zip(&values).map(|(tensor, values)| {
                (tensor.name(), TensorView::new(Dtype::F32, tensor.shape().to_vec(), values).unwrap())
            });
            let ours = bytes(&tensors, &metadata);
            let theirs = Some(metadata).filter(|entries| !entries.is_empty());
            let theirs = serialize(views, theirs.map(|entries| entries.into_iter().collect()));
            assert_eq!(ours.unwrap(), theirs.unwrap());
        }
    }

    #[test]
    fn entries_of_the_metadata_are_in_order() {
        let entries = ["run", "checksum", "z", "a", "m"].map(|name| (name.to_owned(), "x".to_owned()));
        let expected = br#"{"__metadata__":{"a":"x","checksum":"x","m":"x","run":"x","z":"x"},"t":{"#;
        for turn in 0..entries.len() {
            let mut entries = entries.clone();
            entries.rotate_left(turn);
            let bytes = bytes(&[tensor("t", &[1], vec![0.5])], &entries.into_iter().collect()).unwrap();
            assert!(bytes[LENGTH..].starts_with(expected), "{}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn every_tensor_has_a_name_of_its_own() {
        let error = |names: &[&str]| {
            let tensors: Vec<_> = names.iter().map(|name| tensor(name, &[1], vec![0.5])).collect();
            bytes(&tensors, &BTreeMap::new()).unwrap_err().to_string()
        };
        let expected = "a.safetensors: two tensors have the name a: each needs one of its own";
        assert_eq!(error(&["a", "b", "a"]), expected);
        assert_eq!(error(&["__metadata__"]), "a.safetensors: __metadata__ is no name of a tensor");
    }
}
