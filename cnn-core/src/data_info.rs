//! What weights say about the data that they were trained on: how images are prepared for the
//! network, and what its outputs are called.

use std::collections::BTreeSet;

use crate::{Error, Result, Tensor};

/// The first part of the names of statistics.
const STATISTICS: &str = "data.";

/// The statistics of the data that a network is trained on, the names of its outputs, and what the
/// data set is called. A session keeps them, and files of its weights hold them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataInfo {
    statistics: Vec<Tensor>,
    classes: Vec<String>,
    data_set: Option<String>,
}

impl DataInfo {
    /// Statistics, see [`DataInfo::statistics`], and the names of the classes, values or
    /// labels in order of the network's outputs; either may be empty.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if the name of a statistic does not begin with `data.`, or two have one.
    pub fn new(statistics: Vec<Tensor>, classes: Vec<String>) -> Result<DataInfo> {
        let mut names = BTreeSet::new();
        for name in statistics.iter().map(Tensor::name) {
            if !is_statistic(name) {
                return Err(Error::Usage(format!(
                    "{name}: the name of a statistic begins with {STATISTICS}"
                )));
            }
            if !names.insert(name) {
                return Err(Error::Usage(format!("{name}: two statistics have this name")));
            }
        }
        Ok(DataInfo { statistics, classes, data_set: None })
    }

    /// Names the data set, such as `cifar10`.
    #[must_use]
    pub fn of_data_set(self, name: Option<String>) -> DataInfo {
        DataInfo { data_set: name, ..self }
    }

    /// What the data set is called, if anything.
    pub fn data_set(&self) -> Option<&str> {
        self.data_set.as_deref()
    }

    /// The fitted statistics of `data { }`, tensors named `data.*`: what a preparation of images
    /// gives.
    pub fn statistics(&self) -> &[Tensor] {
        &self.statistics
    }

    /// The names of the classes, values or labels in order of the network's outputs; empty if they
    /// have none.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }
}

/// True of the name of a statistic.
pub fn is_statistic(name: &str) -> bool {
    name.starts_with(STATISTICS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_have_names_of_their_own() {
        let mean = || Tensor::new("data.mean", &[1], vec![0.5]).unwrap();
        assert_eq!(DataInfo::new(vec![mean()], vec![]).unwrap().statistics(), [mean()]);
        let error = |statistics| DataInfo::new(statistics, vec![]).unwrap_err().to_string();
        assert_eq!(error(vec![mean(), mean()]), "data.mean: two statistics have this name");
        let other = Tensor::new("mean", &[1], vec![0.5]).unwrap();
        assert_eq!(error(vec![other]), "mean: the name of a statistic begins with data.");
    }
}
