//! Records every epoch as a line of `metrics.jsonl`.
//!
//! The file is replaced whole each time, so no reader meets half a line.

use std::path::PathBuf;

use super::{Callback, EpochReport};
use crate::{error::Result, files, session::Session};

/// The callback.
pub struct Record {
    path: PathBuf,
    lines: String,
}

impl Record {
    /// Records in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Record {
        Record { path: folder.into().join("metrics.jsonl"), lines: String::new() }
    }
}

impl Callback for Record {
    fn on_epoch_end(&mut self, _session: &mut Session, report: &EpochReport) -> Result<()> {
        self.lines += &serde_json::to_string(report).expect("numbers and field names are JSON");
        self.lines.push('\n');
        files::replace(&self.path, self.lines.as_bytes())
    }
}
