//! What every kind of file of tensors can say: which tensors it has, and the bytes of one of them.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
};

use safetensors::Dtype;

/// Type and shape of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
}

/// An open file of tensors.
pub(crate) trait Container: fmt::Debug {
    /// All tensors, by the name that the file has for them.
    fn tensors(&self) -> BTreeMap<String, Info>;

    /// The text that the file holds under a name beside its tensors.
    fn metadata(&self, name: &str) -> Option<&str>;

    /// The elements of a tensor: those of the last dimension follow each other, each has its
    /// lowest byte first. There are no more bytes than these.
    fn bytes(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>>;
}

/// Where the bytes of a file are.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Disk(File),
    Memory(Cursor<&'a [u8]>),
}

impl Read for Source<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Source::Disk(file) => file.read(bytes),
            Source::Memory(contents) => contents.read(bytes),
        }
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Source::Disk(file) => file.seek(to),
            Source::Memory(contents) => contents.seek(to),
        }
    }
}
