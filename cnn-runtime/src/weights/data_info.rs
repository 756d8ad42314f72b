//! [`DataInfo`] in a file of weights: statistics are tensors named `data.*`, and the names of the
//! classes are a JSON list in the metadata under `classes`.

use std::collections::BTreeMap;

use cnn_core::{DataInfo, Result, Tensor, is_statistic};

use super::TensorFile;

const CLASSES: &str = "classes";

/// Reads what a file says of its data. Metadata that is no list of names gives no names.
///
/// # Errors
///
/// As [`TensorFile::floats`].
pub(super) fn read(file: &mut TensorFile) -> Result<DataInfo> {
    let statistics = file.tensors().into_iter().filter(|(name, _)| is_statistic(name));
    let statistics: Vec<_> = statistics.map(|(name, info)| (name, info.shape.clone())).collect();
    let statistics = statistics
        .into_iter()
        .map(|(name, shape)| file.floats(&name).and_then(|values| Tensor::new(name, &shape, values)))
        .collect::<Result<_>>()?;
    let classes = file.metadata(CLASSES).and_then(|names| serde_json::from_str(names).ok());
    DataInfo::new(statistics, classes.unwrap_or_default())
}

/// The metadata that a file holds of its data: nothing if the classes have no names.
pub(super) fn metadata(info: &DataInfo) -> BTreeMap<String, String> {
    let names = || serde_json::to_string(info.classes()).expect("strings are JSON");
    let named = (!info.classes().is_empty()).then(|| (CLASSES.into(), names()));
    named.into_iter().collect()
}
