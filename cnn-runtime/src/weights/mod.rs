//! Weights files: a session's parameters and running statistics under torch's state-dict names and in torch's layouts, as
//! safetensors.
//!
//! A file is loaded only if its tensors are exactly the network's; torch's `num_batches_tracked` is ignored. What else goes
//! with weights are [`Companions`].

mod companions;
pub mod tensors;
mod torch;

use std::{collections::HashSet, path::Path};

use safetensors::{Dtype, SafeTensors};

pub use companions::Companions;
pub use torch::export;

use crate::{error::Result, session::Session};
use tensors::{Tensor, TensorFile, floats, weights_error};

/// Entry of the metadata that makes a file a checkpoint.
pub(crate) const RUN: &str = "run";

/// Differences that an error lists before it only counts: more than these are another network's file.
const LISTED: usize = 100;

/// Writes a session's parameters and running statistics, whole or not at all.
///
/// # Errors
///
/// [`crate::Error::Io`] if the file cannot be written.
pub fn save(session: &mut Session, path: &Path) -> Result<()> {
    let tensors = own(session)?;
    let companions = session.companions();
    tensors::write_with(path, tensors.iter().chain(&companions.statistics), companions.metadata())
}

/// Parameters and running statistics.
fn own(session: &mut Session) -> Result<Vec<Tensor>> {
    let params = session.description().params.iter().enumerate();
    params.map(|(index, param)| Ok(Tensor::new(param.name, param.shape, session.parameter(index)?))).collect()
}

/// Loads parameters, running statistics and companions into a session, all or none.
///
/// # Errors
///
/// [`crate::Error::Weights`] listing what is missing, misshapen or of no use to this network, or if the file is a checkpoint.
pub fn load(session: &mut Session, path: &Path) -> Result<()> {
    let file = TensorFile::read(path)?;
    let (tensors, metadata) = (file.tensors()?, file.metadata()?);
    if metadata.as_ref().is_some_and(|entries| entries.contains_key(RUN)) {
        let message = "a checkpoint, for --resume; its run's weights are in last.safetensors beside it";
        return Err(weights_error(path, message.into()));
    }
    let description = session.description();
    let expected = description.params.iter().map(|param| (param.name, param.shape));
    let differences = differences(expected, &tensors);
    if !differences.is_empty() {
        let message = format!("not the weights of {}: {}", description.name, listed(&differences));
        return Err(weights_error(path, message));
    }
    for (index, param) in description.params.iter().enumerate() {
        let view = tensors.tensor(param.name).map_err(|error| weights_error(path, error.to_string()))?;
        session.set_parameter(index, &floats(&view))?;
    }
    session.set_companions(Companions::read(&tensors, metadata.as_ref()));
    Ok(())
}

/// How a file differs from the expected names and shapes.
pub(crate) fn differences<'a>(
    expected: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
    tensors: &SafeTensors,
) -> Vec<String> {
    let wanting = expected.clone().filter_map(|(name, shape)| {
        let Ok(found) = tensors.tensor(name) else { return Some(format!("{name} is missing")) };
        if found.shape() != shape {
            return Some(format!("{name} is {:?}, expected {shape:?}", found.shape()));
        }
        other_dtype(name, found.dtype())
    });
    let mut statistics: Vec<_> = tensors.iter().filter(|(name, _)| Companions::own(name)).collect();
    statistics.sort_unstable_by_key(|&(name, _)| name);
    let statistics = statistics.into_iter().filter_map(|(name, found)| other_dtype(name, found.dtype()));
    let names: HashSet<&str> = expected.clone().map(|(name, _)| name).collect();
    let known =
        |name: &str| name.ends_with("num_batches_tracked") || names.contains(name) || Companions::own(name);
    let mut extra: Vec<_> = tensors.names().into_iter().filter(|name| !known(name)).collect();
    extra.sort_unstable();
    wanting.chain(statistics).chain(extra.into_iter().map(|name| format!("{name} is unknown"))).collect()
}

fn other_dtype(name: &str, found: Dtype) -> Option<String> {
    (found != Dtype::F32).then(|| format!("{name} is {found}, expected F32"))
}

pub(crate) fn listed(differences: &[String]) -> String {
    let shown = &differences[..differences.len().min(LISTED)];
    match differences.len() - shown.len() {
        0 => shown.join("; "),
        more => format!("{}; and {more} more", shown.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use safetensors::{serialize, tensor::TensorView};

    use super::*;

    fn differences_of(tensors: &[Tensor]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        tensors::write(&path, tensors).unwrap();
        let file = TensorFile::read(&path).unwrap();
        let expected: [(&str, &[usize]); 2] = [("a.bias", &[2]), ("b.bias", &[3])];
        differences(expected.into_iter(), &file.tensors().unwrap())
    }

    #[test]
    fn the_same_tensors_in_any_order_fit() {
        let tracked = Tensor::new("bn1.num_batches_tracked", &[1], vec![5.0]);
        let b = Tensor::new("b.bias", &[3], vec![0.0; 3]);
        let a = Tensor::new("a.bias", &[2], vec![0.0; 2]);
        assert!(differences_of(&[tracked, b, a]).is_empty());
    }

    #[test]
    fn all_differences_are_listed_at_once() {
        let found = differences_of(&[
            Tensor::new("b.bias", &[1, 3], vec![0.0; 3]),
            Tensor::new("c.bias", &[1], vec![0.0]),
        ]);
        assert_eq!(found, ["a.bias is missing", "b.bias is [1, 3], expected [3]", "c.bias is unknown"]);
        assert!(listed(&vec!["x is missing".into(); 102]).ends_with("; and 2 more"));
    }

    #[test]
    fn statistics_of_another_type_are_a_difference() {
        let bytes = 1f64.to_le_bytes();
        let mean = TensorView::new(Dtype::F64, vec![1], &bytes).unwrap();
        let file = serialize([("data.mean", mean)], None).unwrap();
        let found = differences(std::iter::empty(), &SafeTensors::deserialize(&file).unwrap());
        assert_eq!(found, ["data.mean is F64, expected F32"]);
    }

    #[test]
    fn values_survive_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let values = vec![1.5, f32::MIN_POSITIVE, -0.0];
        tensors::write(&path, &[Tensor::new("t", &[3], values.clone())]).unwrap();
        let file = TensorFile::read(&path).unwrap();
        assert_eq!(floats(&file.tensors().unwrap().tensor("t").unwrap()), values);
    }

    #[test]
    fn what_is_no_safetensors_file_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        std::fs::write(&path, "PK garbage").unwrap();
        let error = TensorFile::read(&path).unwrap().tensors().unwrap_err();
        assert!(error.to_string().contains("not a whole safetensors file"), "{error}");
    }
}
