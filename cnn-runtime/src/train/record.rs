//! Records every epoch as a line of `metrics.jsonl` and of `metrics.csv`.
//!
//! The files are written whole from the history each time: no reader meets half a line, and a
//! resumed run continues them.

use std::path::PathBuf;

use cnn_core::{Result, files};
use serde_json::{Map, Value};

use super::{Callback, EpochReport, Flow, Start};
use crate::session::Session;

/// A callback that records every epoch in `metrics.jsonl` and `metrics.csv`.
#[derive(Clone, Debug)]
pub struct Record {
    folder: PathBuf,
}

impl Record {
    /// Records in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> Record {
        Record { folder: folder.into() }
    }

    fn write(&self, history: &[EpochReport]) -> Result<Flow> {
        files::replace(&self.folder.join("metrics.jsonl"), json_lines(history).as_bytes())?;
        files::replace(&self.folder.join("metrics.csv"), csv(history).as_bytes())?;
        Ok(Flow::Continue)
    }
}

impl Callback for Record {
    /// Records the epochs of the run that goes on here: it may have been in another folder.
    fn on_start(&mut self, _session: &mut Session, start: &Start) -> Result<Flow> {
        if start.history.is_empty() { Ok(Flow::Continue) } else { self.write(start.history) }
    }

    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        self.write(history)
    }
}

fn json_lines(history: &[EpochReport]) -> String {
    let line = |report| serde_json::to_string(report).expect("numbers and field names are JSON") + "\n";
    history.iter().map(line).collect()
}

/// A heading and a row an epoch: numbers and names need no quotes. What an epoch has no number for
/// stays empty.
fn csv(history: &[EpochReport]) -> String {
    let rows: Vec<Map<String, Value>> = history.iter().map(fields).collect();
    let mut heading: Vec<&String> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !heading.contains(&name) {
            heading.push(name);
        }
    }
    if heading.is_empty() {
        return String::new();
    }
    let cell =
        |row: &Map<String, Value>, name: &str| row.get(name).map_or_else(String::new, Value::to_string);
    let values =
        rows.iter().map(|row| heading.iter().map(|name| cell(row, name)).collect::<Vec<_>>().join(","));
    let names = heading.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",");
    std::iter::once(names).chain(values).map(|line| line + "\n").collect()
}

/// A report's fields by name, in order.
fn fields(report: &EpochReport) -> Map<String, Value> {
    match serde_json::to_value(report) {
        Ok(Value::Object(fields)) => fields,
        other => unreachable!("a struct of numbers serializes to an object, found {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::report;

    #[test]
    fn a_line_an_epoch() {
        let history = [report(1, 0.5, 1.25), report(2, 0.75, 1.0)];
        let lines = json_lines(&history);
        let second = r#"{"epoch":2,"loss":0.5,"accuracy":0.25,"val_loss":1.0,"val_accuracy":0.75,"#;
        assert_eq!(lines.lines().count(), 2);
        assert!(lines.lines().nth(1).unwrap().starts_with(second), "{lines}");
        let table = csv(&history);
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].starts_with("epoch,loss,accuracy,val_loss,val_accuracy,seconds,"), "{table}");
        assert!(rows[2].starts_with("2,0.5,0.25,1.0,0.75,2.0,"), "{table}");
    }

    #[test]
    fn a_column_holds_one_figure() {
        let mut history = [report(1, 0.5, 1.25), report(2, 0.75, 1.0)];
        history[0].metrics.insert("val_b".into(), 1.5);
        history[1].metrics.extend([("val_a".to_string(), 2.5), ("val_b".to_string(), 3.5)]);
        let table = csv(&history);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[0].ends_with(",lr,val_b,val_a"), "{table}");
        assert!(lines[1].ends_with(",1.5,") && lines[2].ends_with(",3.5,2.5"), "{table}");
    }
}
