//! Weights files: a session's parameters and running statistics under torch's state-dict names and
//! in torch's layouts, as safetensors.
//!
//! A file is loaded only if its tensors are exactly the network's; torch's `num_batches_tracked` is
//! ignored, what stands before all names is passed over, and floats of other sizes are converted:
//! [`Loaded`] says so. Beside them a file holds [`DataInfo`]. Equal sessions make equal files, byte
//! for byte.

pub(crate) mod data_info;
mod file;
pub(crate) mod floats;
mod foreign;
pub(crate) mod layout;
#[cfg(feature = "npz")]
mod npz;
pub(crate) mod tensors;
mod torch;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    path::Path,
};

use safetensors::Dtype;

pub use cnn_core::{DataInfo, Error, Tensor, floats::FloatType};
pub use file::TensorFile;
#[cfg(feature = "npz")]
pub use npz::export_npz;
pub use tensors::save_tensors;
pub use torch::export;

use cnn_core::{Result, is_statistic};
use layout::Planned;

use crate::session::{Array, Session};

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

/// How the tensors of a file became those of a session, where they were not just taken.
///
/// Its text is such as `names without module.; 8 tensors of BF16 converted`, or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// What stood before all names; usually nothing.
    pub prefix: String,
    /// How many tensors were of another type than F32, by its name.
    pub converted: BTreeMap<String, usize>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = (!self.prefix.is_empty()).then(|| format!("names without {}", self.prefix));
        let converted =
            self.converted.iter().map(|(dtype, count)| format!("{count} tensors of {dtype} converted"));
        f.write_str(&prefix.into_iter().chain(converted).collect::<Vec<_>>().join("; "))
    }
}

/// Loads parameters, running statistics and [`DataInfo`] into a session: all or none, unless
/// meanwhile the disk or the device fails or somebody writes to the file.
///
/// # Errors
///
/// [`crate::Error::Weights`] listing what is missing, misshapen or of no use to this network, or if
/// the file is a checkpoint; [`crate::Error::Io`] if it cannot be read or is no regular file;
/// [`crate::Error::Device`] if the device fails.
pub fn load(session: &mut Session, path: &Path) -> Result<Loaded> {
    load_file(session, TensorFile::open(path)?)
}

/// Does as [`load`] with the contents of a file, such as `include_bytes!` has them.
///
/// # Errors
///
/// As [`load`], without what a disk can fail at.
pub fn load_bytes(session: &mut Session, bytes: &[u8]) -> Result<Loaded> {
    load_file(session, TensorFile::from_bytes(bytes)?)
}

fn load_file(session: &mut Session, mut file: TensorFile) -> Result<Loaded> {
    let path = file.path().to_path_buf();
    let path = path.as_path();
    if file.metadata(RUN).is_some() {
        let message = "a checkpoint, not weights: its run's weights are in last.safetensors beside it";
        return Err(Error::weights(path, message));
    }
    let description = session.description();
    let expected = description.params.iter().map(|param| (param.name, param.shape));
    let prefix = file.find_prefix(expected.clone().map(|(name, _)| name)).to_owned();
    let differences = differences(expected, &file);
    if !differences.is_empty() {
        let message = format!("not the weights of {}: {}", description.name, listed(&differences));
        return Err(Error::weights(path, message));
    }
    let info = data_info::read(&mut file)?;
    let mut loaded = Loaded { prefix, ..Loaded::default() };
    for (index, param) in description.params.iter().enumerate() {
        if let Some(dtype) = file.info(param.name).map(|info| info.dtype).filter(|&dtype| dtype != Dtype::F32)
        {
            *loaded.converted.entry(dtype.to_string()).or_default() += 1;
        }
        let mut values = file.values(param.name)?;
        session.write_parts(Array::Parameter, index, &mut |part| values.read(part))?;
    }
    session.set_data_info(info);
    Ok(loaded)
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

/// Says how a file differs from the expected names and shapes.
pub(crate) fn differences<'a>(
    expected: impl Iterator<Item = (&'a str, &'a [usize])> + Clone,
    file: &TensorFile,
) -> Vec<String> {
    let wanting = expected.clone().filter_map(|(name, shape)| {
        let Some(found) = file.info(name) else { return Some(format!("{name} is missing")) };
        if found.shape != shape {
            return Some(format!("{name} is {:?}, expected {shape:?}", found.shape));
        }
        other_dtype(name, found.dtype)
    });
    let found = file.tensors();
    let statistics = found.iter().filter(|(name, _)| is_statistic(name));
    let statistics = statistics.filter_map(|(name, info)| other_dtype(name, info.dtype));
    let names: HashSet<&str> = expected.clone().map(|(name, _)| name).collect();
    let known =
        |name: &str| name.ends_with("num_batches_tracked") || names.contains(name) || is_statistic(name);
    let extra = found.keys().filter(|name| !known(name)).map(|name| format!("{name} is unknown"));
    wanting.chain(statistics).chain(extra).collect()
}

fn other_dtype(name: &str, found: Dtype) -> Option<String> {
    (!floats::is_read(found)).then(|| format!("{name} is {found}, expected F32 or another type of floats"))
}

/// The first of many differences in one line.
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

    fn tensor(name: &str, shape: &[usize], values: Vec<f32>) -> Tensor {
        Tensor::new(name, shape, values).unwrap()
    }

    fn differences_of(tensors: &[Tensor]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        save_tensors(&path, tensors).unwrap();
        let expected: [(&str, &[usize]); 2] = [("a.bias", &[2]), ("b.bias", &[3])];
        differences(expected.into_iter(), &TensorFile::open(&path).unwrap())
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
        assert!(listed(&vec!["x is missing".into(); 102]).ends_with("; and 2 more"));
    }

    #[test]
    fn statistics_that_are_no_floats_are_a_difference() {
        let bytes = 1i64.to_le_bytes();
        let mean = TensorView::new(Dtype::I64, vec![1], &bytes).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        std::fs::write(&path, serialize([("data.mean", mean)], None).unwrap()).unwrap();
        let found = differences(std::iter::empty(), &TensorFile::open(&path).unwrap());
        assert_eq!(found, ["data.mean is I64, expected F32 or another type of floats"]);
    }

    #[test]
    fn what_stands_before_all_names_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let prefix = |names: &[&str]| {
            let tensors: Vec<_> = names.iter().map(|name| tensor(name, &[1], vec![0.5])).collect();
            save_tensors(&path, &tensors).unwrap();
            let mut file = TensorFile::open(&path).unwrap();
            let prefix = file.find_prefix(["a.bias", "b.bias"].into_iter()).to_owned();
            (prefix, file.names().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(prefix(&["module.a.bias", "module.b.bias"]), ("module.".into(), "a.bias b.bias".into()));
        assert_eq!(
            prefix(&["a.bias", "b.bias", "c.a.bias"]),
            (String::new(), "a.bias b.bias c.a.bias".into())
        );
        assert_eq!(prefix(&["x.a.bias", "y.b.bias"]), (String::new(), "x.a.bias y.b.bias".into()));
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
