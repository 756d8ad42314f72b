//! What goes with weights beside the network's own tensors: how images are prepared for it, and what its outputs are called.
//!
//! In a file, statistics are tensors named `data.*`, and the names are a JSON list in the metadata under `classes`.

use std::collections::HashMap;

use super::{TensorFile, tensors::Tensor};
use crate::error::Result;

/// First part of the names of statistics.
const STATISTICS: &str = "data.";

const CLASSES: &str = "classes";

/// Kept by a session, written and read with its weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Companions {
    /// Fitted statistics of `data { }`, see [`crate::data::Preparation::statistics`].
    pub statistics: Vec<Tensor>,
    /// Names of the classes, in order; may be empty.
    pub classes: Vec<String>,
}

impl Companions {
    /// True of the name of a statistic.
    pub(super) fn own(name: &str) -> bool {
        name.starts_with(STATISTICS)
    }

    /// Of a file; what is no list of names gives none.
    ///
    /// # Errors
    ///
    /// As [`TensorFile::floats`].
    pub(super) fn read(file: &mut TensorFile) -> Result<Companions> {
        let statistics = file.tensors().into_iter().filter(|(name, _)| Companions::own(name));
        let statistics: Vec<_> = statistics.map(|(name, info)| (name, info.shape.clone())).collect();
        let statistics = statistics
            .into_iter()
            .map(|(name, shape)| file.floats(&name).map(|values| Tensor::new(name, &shape, values)))
            .collect::<Result<_>>()?;
        let classes = file.metadata().and_then(|metadata| serde_json::from_str(metadata.get(CLASSES)?).ok());
        Ok(Companions { statistics, classes: classes.unwrap_or_default() })
    }

    /// Metadata of a file. One entry at most, so that the same weights give the same bytes.
    pub(super) fn metadata(&self) -> Option<HashMap<String, String>> {
        let names = serde_json::to_string(&self.classes).expect("strings are JSON");
        (!self.classes.is_empty()).then(|| HashMap::from([(CLASSES.into(), names)]))
    }
}
