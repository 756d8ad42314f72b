//! [`DataInfo`] in a file of weights: statistics are tensors named `data.*`; in the metadata the
//! names of the classes are a JSON list under `classes`, and the data set is named under `cnn.data`.

use std::collections::BTreeMap;

use cnn_core::{DataInfo, Result, Tensor, is_statistic};

use super::TensorFile;

const CLASSES: &str = "classes";
const DATA_SET: &str = "cnn.data";

/// Reads what a file says of its data. Metadata that is no list of names gives no names.
///
/// # Errors
///
/// As [`TensorFile::floats`].
pub(crate) fn read(file: &mut TensorFile) -> Result<DataInfo> {
    let statistics = file.tensors().filter(|(name, _)| is_statistic(name));
    let statistics: Vec<_> = statistics.map(|(name, info)| (name.to_owned(), info.shape.clone())).collect();
    let statistics = statistics
        .into_iter()
        .map(|(name, shape)| file.floats(&name).and_then(|values| Tensor::new(name, &shape, values)))
        .collect::<Result<_>>()?;
    let classes = file.metadata(CLASSES).and_then(|names| serde_json::from_str(names).ok());
    let data_set = file.metadata(DATA_SET).map(String::from);
    Ok(DataInfo::new(statistics, classes.unwrap_or_default())?.of_data_set(data_set))
}

/// The metadata that a file holds of its data: nothing of what has no names.
pub(crate) fn metadata(info: &DataInfo) -> BTreeMap<String, String> {
    let names = || serde_json::to_string(info.classes()).expect("strings are JSON");
    let classes = (!info.classes().is_empty()).then(|| (CLASSES.into(), names()));
    let data_set = info.data_set().map(|name| (DATA_SET.into(), name.into()));
    classes.into_iter().chain(data_set).collect()
}
