//! CIFAR-10 and CIFAR-100 in their binary form: files of records, each a label (of CIFAR-100 a
//! coarse and a fine one) and 3072 bytes, the planes red, green and blue of 32x32 pixels.
//!
//! Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009. Pixels stay bytes in
//! memory.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};

use super::{Dataset, Image, Part, Target, bad, beyond, identity, room};

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

/// Which of the two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CifarKind {
    /// 10 classes.
    Cifar10,
    /// 100 classes; the 20 coarse ones are not read.
    Cifar100,
}

impl CifarKind {
    /// Number of classes.
    pub const fn classes(self) -> usize {
        match self {
            CifarKind::Cifar10 => 10,
            CifarKind::Cifar100 => 100,
        }
    }

    const fn folder(self) -> &'static str {
        match self {
            CifarKind::Cifar10 => "cifar-10-batches-bin",
            CifarKind::Cifar100 => "cifar-100-binary",
        }
    }

    const fn names(self) -> &'static str {
        match self {
            CifarKind::Cifar10 => "batches.meta.txt",
            CifarKind::Cifar100 => "fine_label_names.txt",
        }
    }

    const fn files(self, part: Part) -> &'static [&'static str] {
        match (self, part) {
            (CifarKind::Cifar10, Part::Train) => &[
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
            ],
            (CifarKind::Cifar10, Part::Test) => &["test_batch.bin"],
            (CifarKind::Cifar100, Part::Train) => &["train.bin"],
            (CifarKind::Cifar100, Part::Test) => &["test.bin"],
        }
    }

    /// Bytes before the pixels; the last is the label.
    const fn header(self) -> usize {
        match self {
            CifarKind::Cifar10 => 1,
            CifarKind::Cifar100 => 2,
        }
    }

    const fn record(self) -> usize {
        self.header() + PIXELS
    }
}

/// One part of CIFAR-10 or CIFAR-100.
#[derive(Clone, Debug)]
pub struct Cifar {
    kind: CifarKind,
    names: Vec<String>,
    /// Records, one after the other.
    records: Vec<u8>,
}

impl Cifar {
    /// Loads a part from the folder of the unpacked download, or from the one that it was unpacked
    /// in.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Data`] naming the file that is missing, of a wrong size, or holds a label
    /// that is no class.
    pub fn load(folder: &Path, kind: CifarKind, part: Part) -> Result<Cifar> {
        let within = folder.join(kind.folder());
        let folder = if within.is_dir() { within } else { folder.to_path_buf() };
        let mut records = Vec::new();
        for name in kind.files(part) {
            append(&mut records, &folder.join(name), kind)?;
        }
        Ok(Cifar { kind, names: names(&folder.join(kind.names()), kind), records })
    }
}

impl Dataset for Cifar {
    fn len(&self) -> usize {
        self.records.len() / self.kind.record()
    }

    fn outputs(&self) -> usize {
        self.kind.classes()
    }

    fn output_name(&self, class: usize) -> String {
        self.names.get(class).cloned().unwrap_or_else(|| class.to_string())
    }

    fn shape(&self) -> Option<[usize; 3]> {
        Some(SHAPE)
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn identity(&self, index: usize) -> Option<u64> {
        let size = self.kind.record();
        Some(identity(0, self.records.get(index * size..)?.get(..size)?))
    }

    fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
        let record = self.records.chunks_exact(self.kind.record()).nth(index);
        let record = record.ok_or_else(|| beyond(index, self.len()))?;
        let (header, pixels) = record.split_at(self.kind.header());
        image.set_bytes(SHAPE, pixels)?;
        Ok(Target::Class(header[header.len() - 1].into()))
    }
}

/// Adds a file's records to those before, after proof that it holds whole ones.
fn append(records: &mut Vec<u8>, path: &Path, kind: CifarKind) -> Result<()> {
    let unreadable =
        |error| bad(path, format!("cannot read: {error}; expected a file of the unpacked {}", kind.folder()));
    let file = files::open_regular(path).map_err(unreadable)?;
    let (length, record) = (file.metadata().map_err(unreadable)?.len(), kind.record() as u64);
    if length == 0 || length % record != 0 {
        let message = format!("{length} bytes, expected records of {record}: truncated, or another file");
        return Err(bad(path, message));
    }
    let start = records.len();
    room(records, path, length)?;
    file.take(length).read_to_end(records).map_err(unreadable)?;
    if (records.len() - start) as u64 != length {
        return Err(bad(path, "changed while it was read"));
    }
    let labels = records[start..].iter().skip(kind.header() - 1).step_by(kind.record());
    match labels.enumerate().find(|&(_, &label)| usize::from(label) >= kind.classes()) {
        Some((index, label)) => {
            let message = format!("label {label} of image {index} is none of {} classes", kind.classes());
            Err(bad(path, message))
        }
        None => Ok(()),
    }
}

/// The names of the classes, a line each; empty, so that classes have numbers, unless the file is
/// there and whole.
fn names(path: &PathBuf, kind: CifarKind) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let names: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(String::from).collect();
    if names.len() == kind.classes() { names } else { Vec::new() }
}

#[cfg(test)]
mod tests;
