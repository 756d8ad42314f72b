//! Weights for PyTorch: a file whose tensors are exactly a module's state dict, so that
//! `model.load_state_dict(safetensors.torch.load_file(FILE))` takes it as it is.
//!
//! The file is what [`super::save`] writes, less the statistics of the data, which no module holds,
//! and with the counter `num_batches_tracked` beside every pair of running statistics, which a
//! strict load asks for. The counter is 0: torch only reads it where it averages without a
//! momentum.

use std::path::Path;

use cnn_core::{Result, floats::FloatType};
use safetensors::Dtype;

use super::{
    Source, data_info,
    layout::{self, Planned},
    parameters, pour,
};
use crate::session::Session;

/// The end of the name of a batch norm's running mean.
const MEAN: &str = ".running_mean";

/// Writes a session's parameters and running statistics as a state dict, whole or not at all, and
/// returns the number of its tensors. The names of the classes, if there are any, stand in the
/// metadata, which torch passes over, beside `format`, which is `pt`: by this entry other libraries
/// know the names and layouts of PyTorch.
///
/// # Errors
///
/// As [`super::save`], and [`crate::Error::Usage`] naming a tensor with a value that is too large
/// for the type of floats.
pub fn export(session: &mut Session, path: &Path, float_type: FloatType) -> Result<usize> {
    let tensors = state_dict(session, float_type);
    let count = tensors.len();
    let mut metadata = data_info::metadata(session.data_info());
    metadata.insert("format".into(), "pt".into());
    layout::write(path, tensors, &metadata, |source, out| pour(session, source, float_type, out))?;
    Ok(count)
}

/// The tensors of a state dict, with floats of a type.
pub(super) fn state_dict(session: &Session, float_type: FloatType) -> Vec<Planned<Source>> {
    let dtype = match float_type {
        FloatType::F32 => Dtype::F32,
        FloatType::F16 => Dtype::F16,
        FloatType::Bf16 => Dtype::BF16,
    };
    let mut tensors: Vec<_> = parameters(session).map(|tensor| Planned { dtype, ..tensor }).collect();
    let layers = tensors.iter().filter_map(|tensor| tensor.name.strip_suffix(MEAN));
    let counters: Vec<_> = layers.map(counter).collect();
    tensors.extend(counters);
    tensors
}

/// The number of batches that a layer has counted, an integer scalar.
fn counter(layer: &str) -> Planned<Source> {
    let name = format!("{layer}.num_batches_tracked");
    Planned { name, dtype: Dtype::I64, shape: vec![], source: Source::Counter }
}
