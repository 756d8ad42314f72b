//! What must be the same when a run is resumed, or it would become another run: names and values as
//! a user writes them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The settings of a run by name. Without any, nothing is compared.
///
/// ```
/// use cnn_runtime::checkpoint::RunSettings;
///
/// let saved = RunSettings::default().with("batch", 64).with("seed", 1);
/// let error = RunSettings::default().with("batch", 32).with("seed", 1).agree(&saved).unwrap_err();
/// assert!(error.starts_with("saved with batch 64, now 32"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunSettings(BTreeMap<String, String>);

impl RunSettings {
    /// Adds a setting; a second one of a name replaces the first.
    pub fn with(mut self, name: &str, value: impl ToString) -> RunSettings {
        self.0.insert(name.into(), value.to_string());
        self
    }

    /// Compares with the settings of a checkpoint.
    ///
    /// # Errors
    ///
    /// A message with all that differs.
    pub fn agree(&self, saved: &RunSettings) -> Result<(), String> {
        let names: BTreeSet<&String> = self.0.keys().chain(saved.0.keys()).collect();
        let value =
            |settings: &RunSettings, name| settings.0.get(name).map_or("none", |value| value).to_owned();
        let differences: Vec<String> = names
            .into_iter()
            .filter(|name| self.0.get(*name) != saved.0.get(*name))
            .map(|name| format!("{name} {}, now {}", value(saved, name), value(self, name)))
            .collect();
        if self.0.is_empty() || differences.is_empty() {
            return Ok(());
        }
        let differences = differences.join("; ");
        Err(format!("saved with {differences}: a run goes on with the settings that it began with"))
    }
}
