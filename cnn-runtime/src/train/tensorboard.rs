//! Records every epoch as scalars of an event file that TensorBoard reads.
//!
//! A record is `length: u64, masked CRC-32C of the length, event, masked CRC-32C of the event`,
//! little-endian, where `masked = rotate_right(crc, 15) + 0xa282ead8`. An event is a protobuf
//! message (`tensorflow/core/util/event.proto`). The few fields needed are encoded here: a protobuf
//! library would bring a compiler of its own into the build for a few numbers an epoch.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
    process,
    time::{SystemTime, UNIX_EPOCH},
};

use cnn_core::{Result, files};

use super::{Callback, EpochReport, Flow, Start};
use crate::session::Session;

/// A callback that records every epoch for TensorBoard. Every run writes a file of its own; what it
/// repeats of an interrupted run replaces that in TensorBoard.
#[derive(Debug)]
pub struct TensorBoard {
    path: PathBuf,
    file: Option<File>,
}

impl TensorBoard {
    /// Records in a folder, which must exist.
    pub fn new(folder: impl Into<PathBuf>) -> TensorBoard {
        let name = format!("events.out.tfevents.{}.{}", seconds() as u64, process::id());
        TensorBoard { path: folder.into().join(name), file: None }
    }

    fn write(&self, events: &[Vec<u8>]) -> Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Ok(()) };
        let records: Vec<u8> = events.iter().flat_map(|event| record(event)).collect();
        file.write_all(&records).and_then(|()| file.flush()).map_err(files::failed(&self.path, "write"))
    }
}

impl Callback for TensorBoard {
    fn on_start(&mut self, _session: &mut Session, start: &Start) -> Result<Flow> {
        let file: io::Result<File> = File::create(&self.path);
        self.file = Some(file.map_err(files::failed(&self.path, "create"))?);
        let first = start.history.len() as u64 + 1;
        self.write(&[event(0, &text(FILE_VERSION, "brain.Event:2")), event(first, &session_start())])?;
        Ok(Flow::Continue)
    }

    fn on_epoch_end(&mut self, _session: &mut Session, history: &[EpochReport]) -> Result<Flow> {
        if let Some(report) = history.last() {
            self.write(&[event(report.epoch as u64, &summary(report))])?;
        }
        Ok(Flow::Continue)
    }
}

fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

fn record(event: &[u8]) -> Vec<u8> {
    let checked = |bytes: &[u8]| {
        let masked = crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8);
        [bytes, &masked.to_le_bytes()].concat()
    };
    [checked(&(event.len() as u64).to_le_bytes()), checked(event)].concat()
}

// Fields of `Event`, `SessionLog`, `Summary` and `Summary.Value`.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const FILE_VERSION: u64 = 3;
const SUMMARY: u64 = 5;
const SESSION_LOG: u64 = 7;
const STATUS: u64 = 1;
const VALUE: u64 = 1;
const TAG: u64 = 1;
const SIMPLE_VALUE: u64 = 2;

fn event(step: u64, content: &[u8]) -> Vec<u8> {
    [&double(WALL_TIME, seconds()), &number(STEP, step), content].concat()
}

/// Makes readers drop what earlier files hold from this step on.
fn session_start() -> Vec<u8> {
    const START: u64 = 1;
    message(SESSION_LOG, &number(STATUS, START))
}

fn summary(report: &EpochReport) -> Vec<u8> {
    let always = [
        ("loss/training", report.loss),
        ("loss/validation", report.val_loss),
        ("learning_rate", report.lr.into()),
        ("speed/images_per_second", report.images_per_second),
    ];
    let accuracy = [("accuracy/training", report.accuracy), ("accuracy/validation", report.val_accuracy)];
    let accuracy = accuracy.into_iter().filter_map(|(tag, value)| Some((tag, value?)));
    let metrics = report.metrics.iter().map(|(name, &value)| (name.as_str(), value));
    let scalars = always.into_iter().chain(accuracy).chain(metrics);
    let value = |(tag, value): (&str, f64)| {
        message(VALUE, &[text(TAG, tag), float(SIMPLE_VALUE, value as f32)].concat())
    };
    message(SUMMARY, &scalars.flat_map(value).collect::<Vec<u8>>())
}

// Protobuf: a field is a varint `number << 3 | wire type` and its content.

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn double(field: u64, value: f64) -> Vec<u8> {
    [varint(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

fn message(field: u64, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

fn text(field: u64, content: &str) -> Vec<u8> {
    message(field, content.as_bytes())
}

fn float(field: u64, value: f32) -> Vec<u8> {
    [varint(field << 3 | 5), value.to_le_bytes().to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_framed_as_tensorflow_frames_it() {
        // The first record of a file that TensorFlow wrote, its time set to 0.
        let event = [double(WALL_TIME, 0.0), text(FILE_VERSION, "brain.Event:2")].concat();
        let record = record(&event);
        assert_eq!(record[..12], [24, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22]);
        assert_eq!(record.len(), 8 + 4 + 24 + 4);
    }

    #[test]
    fn fields_are_encoded_as_protobuf_has_them() {
        assert_eq!(number(STEP, 300), [0x10, 0xac, 0x02]);
        assert_eq!(text(TAG, "ab"), [0x0a, 2, b'a', b'b']);
        assert_eq!(float(SIMPLE_VALUE, 1.0), [0x15, 0, 0, 0x80, 0x3f]);
        assert_eq!(session_start(), [0x3a, 2, 0x08, 1]);
    }
}
