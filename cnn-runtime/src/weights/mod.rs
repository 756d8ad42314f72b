//! Weights files: a session's parameters and running statistics under torch's state-dict names and
//! in torch's layouts, as safetensors.
//!
//! A file is loaded only if its tensors are exactly the network's, unless a [`Policy`] says
//! otherwise; torch's `num_batches_tracked` is ignored, what stands before all names is passed over,
//! and floats of other sizes are converted: [`Loaded`] says so. Beside them a file holds
//! [`DataInfo`]. Equal sessions make equal files, byte for byte.
//!
//! With the feature `pytorch` files of `torch.save` are read, too, and with `npz` those of
//! `numpy.savez`.

mod container;
pub(crate) mod data_info;
mod file;
pub(crate) mod floats;
mod kind;
pub(crate) mod layout;
mod matching;
#[cfg(feature = "npz")]
mod npz;
mod policy;
#[cfg(feature = "pytorch")]
mod pth;
pub(crate) mod safetensors;
pub(crate) mod tensors;
mod torch;

use std::{collections::HashSet, path::Path};

use ::safetensors::Dtype;

pub use cnn_core::{DataInfo, Error, Tensor, floats::FloatType};
pub use file::TensorFile;
pub use matching::{Loaded, Misshaped};
#[cfg(feature = "npz")]
pub use npz::export_npz;
pub use policy::{Policy, Rename};
pub use tensors::save_tensors;
pub use torch::export;

use cnn_core::Result;
use layout::Planned;
#[cfg(feature = "data")]
pub(crate) use matching::differences;

use crate::{
    plan::{Description, Param},
    session::{Array, Session},
};

/// The entry of the metadata that makes a file a checkpoint.
pub(crate) const RUN: &str = "run";

/// Differences that an error lists before it only counts: more than these are another network's
/// file.
const LISTED: usize = 100;

/// What a tensor of a file of weights holds.
#[derive(Clone, Copy)]
enum Source {
    /// The parameter or running statistic of an index.
    Parameter(usize),
    /// The statistic of the data of an index.
    Statistic(usize),
    /// An integer, 0.
    Counter,
}

/// Writes a session's parameters and running statistics, whole or not at all.
///
/// # Errors
///
/// [`crate::Error::Io`] if the file cannot be written, [`crate::Error::Weights`] if its head, with
/// the names of tensors and classes, would be too large, [`crate::Error::Device`] if the device
/// fails.
pub fn save(session: &mut Session, path: &Path) -> Result<()> {
    let statistics = session.data_info().statistics().iter().enumerate();
    let statistics = statistics
        .map(|(nth, tensor)| Planned::floats(tensor.name(), tensor.shape(), Source::Statistic(nth)));
    let tensors = parameters(session).chain(statistics).collect();
    let metadata = data_info::metadata(session.data_info());
    layout::write(path, tensors, &metadata, |source, out| pour(session, source, FloatType::F32, out))
}

/// Parameters and running statistics.
fn parameters(session: &Session) -> impl Iterator<Item = Planned<Source>> + use<> {
    let params = session.description().params.iter().enumerate();
    params.map(|(index, param)| Planned::floats(param.name, param.shape, Source::Parameter(index)))
}

/// Hands out the bytes of a tensor of a session, whose floats are of a type in the file.
fn pour(session: &mut Session, source: &Source, float_type: FloatType, out: &mut floats::Sink) -> Result<()> {
    match *source {
        Source::Parameter(index) => {
            let name = session.description().params[index].name;
            session.read_parts(Array::Parameter, index, &mut |values| float_type.put(values, name, out))
        }
        Source::Statistic(nth) => floats::put(session.data_info().statistics()[nth].values(), out),
        Source::Counter => out(&0i64.to_le_bytes()),
    }
}

/// Loads parameters, running statistics and [`DataInfo`] into a session: all or none, unless
/// meanwhile the disk or the device fails, somebody writes to the file, or an archive's values turn
/// out to be damaged.
///
/// # Errors
///
/// [`crate::Error::Weights`] listing what is missing, misshapen or of no use to this network, or if
/// the file is a checkpoint; [`crate::Error::Io`] if it cannot be read or is no regular file;
/// [`crate::Error::Device`] if the device fails.
pub fn load(session: &mut Session, path: &Path) -> Result<Loaded> {
    load_by(session, path, &Policy::strict())
}

/// Does as [`load`] with what a policy takes. Where the layers that give a network's outputs are
/// not taken, neither are the names of the outputs.
///
/// ```no_run
/// # fn example(session: &mut cnn_runtime::Session) -> cnn_runtime::Result<()> {
/// use cnn_runtime::weights::{self, Policy};
///
/// // Another head on a body of PyTorch's.
/// let policy = Policy::strict().skip("fc").partial();
/// let loaded = weights::load_by(session, "resnet18.pth".as_ref(), &policy)?;
/// assert_eq!(loaded.fresh, ["fc.weight", "fc.bias"]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`load`]; with a partial policy only if nothing fits.
pub fn load_by(session: &mut Session, path: &Path, policy: &Policy) -> Result<Loaded> {
    load_file(session, TensorFile::open(path)?, policy)
}

/// Does as [`load`] with the contents of a file, such as `include_bytes!` has them.
///
/// # Errors
///
/// As [`load`], without what a disk can fail at.
pub fn load_bytes(session: &mut Session, bytes: &[u8]) -> Result<Loaded> {
    load_file(session, TensorFile::from_bytes(bytes)?, &Policy::strict())
}

fn load_file(session: &mut Session, mut file: TensorFile, policy: &Policy) -> Result<Loaded> {
    let description = session.description();
    let loaded = look(description, &mut file, policy)?;
    let info = info_for(description, &mut file, &loaded)?;
    let taken: HashSet<&str> = loaded.taken.iter().map(String::as_str).collect();
    for (index, param) in description.params.iter().enumerate() {
        if taken.contains(param.name) {
            let mut values = file.values(param.name)?;
            session.write_parts(Array::Parameter, index, &mut |part| values.read(part))?;
        }
    }
    session.set_data_info(info);
    Ok(loaded)
}

/// Finds a network's parameters in a file of weights.
fn look(description: &Description, file: &mut TensorFile, policy: &Policy) -> Result<Loaded> {
    if file.metadata(RUN).is_some() {
        let message = "a checkpoint, not weights: its run's weights are in last.safetensors beside it";
        return Err(Error::weights(file.path(), message));
    }
    matching::matched(description, file, policy)
}

/// What a file says of its data, without the names of outputs that are not those of the network.
fn info_for(description: &Description, file: &mut TensorFile, loaded: &Loaded) -> Result<DataInfo> {
    let info = data_info::read(file)?;
    if !head(description).any(|param| loaded.fresh.iter().any(|fresh| fresh == param.name)) {
        return Ok(info);
    }
    DataInfo::new(info.statistics().to_vec(), Vec::new())
}

/// The parameters of the layers behind which a network's outputs need no others.
fn head(description: &Description) -> impl Iterator<Item = &'static Param> {
    let (graph, params) = (description.graph, description.params);
    let mut heads = Vec::new();
    let mut is_wanted = vec![false; graph.len()];
    if let Some(last) = is_wanted.last_mut() {
        *last = true;
    }
    // What a node reads precedes it.
    for (index, node) in graph.iter().enumerate().rev() {
        if is_wanted[index] && node.params.is_empty() {
            node.inputs.iter().for_each(|&input| is_wanted[input] = true);
        } else if is_wanted[index] {
            heads.extend(node.params);
        }
    }
    heads.into_iter().map(|&index| &params[index])
}

/// What a file of weights says of its data, for a network that takes it as a policy says.
///
/// # Errors
///
/// As [`load_by`].
#[cfg(feature = "trainer")]
pub(crate) fn data_info_for(path: &Path, description: &Description, policy: &Policy) -> Result<DataInfo> {
    let mut file = TensorFile::open(path)?;
    let loaded = look(description, &mut file, policy)?;
    info_for(description, &mut file, &loaded)
}

/// What a file of weights says of its data.
///
/// # Errors
///
/// As [`TensorFile::open`] and [`TensorFile::floats`].
#[cfg(feature = "trainer")]
pub(crate) fn data_info_of(path: &Path) -> Result<DataInfo> {
    data_info::read(&mut TensorFile::open(path)?)
}

/// Refuses a session whose parameters are not all finite; they came from this file.
///
/// # Errors
///
/// [`crate::Error::Weights`] naming the first tensor with a NaN or an infinite value,
/// [`crate::Error::Device`] if the device fails.
#[cfg(feature = "trainer")]
pub(crate) fn check_finite(session: &mut Session, path: &Path) -> Result<()> {
    for (index, param) in session.description().params.iter().enumerate() {
        if let Some(value) = session.not_finite(index)? {
            let message = format!("{} holds {value}: nothing can be trained from there", param.name);
            return Err(Error::weights(path, message));
        }
    }
    Ok(())
}

/// Says of a type that is not read what is expected.
fn other_dtype(name: &str, found: Dtype) -> Option<String> {
    (!floats::is_read(found)).then(|| format!("{name} is {found}, {}", matching::NO_FLOATS))
}

/// The first of many texts in one line.
pub(crate) fn listed(texts: &[String], separator: &str) -> String {
    let shown = texts[..texts.len().min(LISTED)].join(separator);
    match texts.len().saturating_sub(LISTED) {
        0 => shown,
        more => format!("{shown}{separator}and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use ::safetensors::{serialize, tensor::TensorView};

    use super::{matching::differences, *};

    fn tensor(name: &str, shape: &[usize], values: Vec<f32>) -> Tensor {
        Tensor::new(name, shape, values).unwrap()
    }

    fn differences_of(tensors: &[Tensor]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        save_tensors(&path, tensors).unwrap();
        let expected: [(&str, &[usize]); 2] = [("a.bias", &[2]), ("b.bias", &[3])];
        let file = TensorFile::open(&path).unwrap();
        differences(expected.into_iter(), &file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_tensors_in_any_order_fit() {
        let tracked = tensor("bn1.num_batches_tracked", &[1], vec![5.0]);
        let b = tensor("b.bias", &[3], vec![0.0; 3]);
        let a = tensor("a.bias", &[2], vec![0.0; 2]);
        assert!(differences_of(&[tracked, b, a]).is_empty());
    }

    #[test]
    fn all_differences_are_listed_at_once() {
        let found =
            differences_of(&[tensor("b.bias", &[1, 3], vec![0.0; 3]), tensor("c.bias", &[1], vec![0.0])]);
        assert_eq!(found, ["a.bias is missing", "b.bias is [1, 3], expected [3]", "c.bias is unknown"]);
        assert!(listed(&vec!["x is missing".into(); 102], "; ").ends_with("; and 2 more"));
    }

    #[test]
    fn statistics_that_are_no_floats_are_a_difference() {
        let bytes = 1i64.to_le_bytes();
        let mean = TensorView::new(Dtype::I64, vec![1], &bytes).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        std::fs::write(&path, serialize([("data.mean", mean)], None).unwrap()).unwrap();
        let file = TensorFile::open(&path).unwrap();
        let found: Vec<_> = differences(std::iter::empty(), &file).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["data.mean is I64, expected F32 or another type of floats"]);
    }

    #[test]
    fn what_stands_before_most_names_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let prefix = |names: &[&str]| {
            let tensors: Vec<_> = names.iter().map(|name| tensor(name, &[1], vec![0.5])).collect();
            save_tensors(&path, &tensors).unwrap();
            let mut file = TensorFile::open(&path).unwrap();
            let prefix = file.find_prefix(["a.bias", "b.bias", "c.bias"].into_iter());
            prefix.map(|prefix| (prefix, file.names().collect::<Vec<_>>().join(" "), file.elsewhere()))
        };
        let found = |prefix: &str, names: &str, elsewhere| (prefix.into(), names.into(), elsewhere);
        let all = "a.bias b.bias c.bias";
        assert_eq!(
            prefix(&["module.a.bias", "module.b.bias", "module.c.bias"]).unwrap(),
            found("module.", all, 0)
        );
        let beside = ["model.a.bias", "model.b.bias", "model.c.bias", "optimizer.a.bias", "data.mean"];
        assert_eq!(prefix(&beside).unwrap(), found("model.", "a.bias b.bias c.bias data.mean", 1));
        assert_eq!(
            prefix(&["a.bias", "b.bias", "c.bias", "d.a.bias"]).unwrap(),
            found("", "a.bias b.bias c.bias d.a.bias", 0)
        );
        // One of three is no sign, and of two folders of the same names none is better.
        assert_eq!(prefix(&["x.a.bias"]).unwrap(), found("", "x.a.bias", 0));
        let twice = ["ema.a.bias", "ema.b.bias", "model.a.bias", "model.b.bias"];
        let error = prefix(&twice).unwrap_err().to_string();
        assert!(error.contains("behind ema. and behind model.:"), "{error}");
    }

    #[test]
    fn rules_rename_in_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let rename = |rules: &[&str]| {
            let tensors = ["net.a.bias", "net.b.norm.1.bias"].map(|name| tensor(name, &[1], vec![0.5]));
            save_tensors(&path, &tensors).unwrap();
            let mut file = TensorFile::open(&path).unwrap();
            let rules: Vec<Rename> = rules.iter().map(|rule| rule.parse().unwrap()).collect();
            file.rename(&rules).map(|()| file.names().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(rename(&["net.=>", "norm.1=>norm1"]).unwrap(), "a.bias b.norm1.bias");
        let error = |rules| rename(rules).unwrap_err().to_string();
        assert!(error(&["module.=>"]).ends_with("no part of one begins with module."));
        let message = "net.a.bias and net.b.norm.1.bias would both be called a.bias by b.norm.1=>a";
        assert!(error(&["net.=>", "b.norm.1=>a"]).ends_with(message));
    }

    #[test]
    fn values_survive_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let values = vec![1.5, f32::MIN_POSITIVE, -0.0];
        save_tensors(&path, &[tensor("t", &[3], values.clone())]).unwrap();
        assert_eq!(TensorFile::open(&path).unwrap().floats("t").unwrap(), values);
    }

    #[test]
    fn a_tensor_ends_where_the_next_begins() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let [a, b] =
            [("a", vec![1.0, 2.0]), ("b", vec![3.0, 4.0])].map(|(name, values)| tensor(name, &[2], values));
        save_tensors(&path, &[a, b]).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        let mut values = [0.0; 3];
        assert!(file.values("a").unwrap().read(&mut values).is_err());
        file.values("a").unwrap().read(&mut values[..1]).unwrap();
        file.values("b").unwrap().read(&mut values[1..]).unwrap();
        assert_eq!(values, [1.0, 3.0, 4.0]);
    }

    #[test]
    fn other_types_are_no_floats() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let count = TensorView::new(Dtype::I64, vec![], &[0; 8]).unwrap();
        std::fs::write(&path, serialize([("count", count)], None).unwrap()).unwrap();
        let error = TensorFile::open(&path).unwrap().floats("count").unwrap_err();
        assert!(error.to_string().contains("w.safetensors: count is I64, expected F32"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn only_a_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for path in [Path::new("/dev/null"), folder.path()] {
            let error = TensorFile::open(path).err().unwrap();
            assert!(error.to_string().ends_with("cannot read: not a regular file"), "{error}");
        }
    }

    #[test]
    fn what_is_no_safetensors_file_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let whole = serialize([("a", TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap())], None).unwrap();
        for contents in [&b"PK garbage"[..], b"PK", &whole[..20], &whole[..whole.len() - 1]] {
            std::fs::write(&path, contents).unwrap();
            for file in [TensorFile::open(&path), TensorFile::from_bytes(contents)] {
                let error = file.err().unwrap();
                assert!(error.to_string().contains("not a whole safetensors file"), "{error}");
            }
        }
    }
}
