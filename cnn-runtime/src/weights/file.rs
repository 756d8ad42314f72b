//! Safetensors files as they are read: the head at once, the values when they are asked for.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Take},
    path::{Path, PathBuf},
};

use cnn_core::{
    Error, Result,
    files::{self, BUFFER, failed},
    reserve::filled,
};
use safetensors::{
    Dtype, SafeTensorError,
    tensor::{Metadata, TensorInfo},
};

use super::{floats, foreign, other_dtype};

/// Bytes of the number that a file begins with: the length of the JSON behind it, which is a
/// multiple of as many.
pub(super) const LENGTH: usize = size_of::<u64>();

/// The longest JSON that the library reads.
pub(super) const LONGEST: usize = 100_000_000;

/// Where the bytes of a file are.
#[derive(Debug)]
enum Source<'a> {
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

/// An open safetensors file: what it says of its tensors, and their values on request.
#[derive(Debug)]
pub struct TensorFile<'a> {
    path: PathBuf,
    file: Source<'a>,
    head: Vec<u8>,
    metadata: Metadata,
    /// What stands before the names by which tensors are asked for.
    prefix: String,
}

impl<'a> TensorFile<'a> {
    /// Opens a file and reads what it says of its tensors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if it cannot be read or is no regular file, [`crate::Error::Weights`]
    /// if this is no safetensors file or a damaged one.
    pub fn open(path: &Path) -> Result<TensorFile<'static>> {
        let file = files::open(path)?;
        let size = file.metadata().map_err(failed(path, "read"))?.len();
        TensorFile::of(path, Source::Disk(file), size)
    }

    /// Reads what the contents of a file say of its tensors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if this is no safetensors file or a damaged one; its path is
    /// `(bytes)`.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<TensorFile<'a>> {
        TensorFile::of(Path::new("(bytes)"), Source::Memory(Cursor::new(bytes)), bytes.len() as u64)
    }

    fn of(path: &Path, mut file: Source<'a>, size: u64) -> Result<TensorFile<'a>> {
        let (head, metadata) = match read_head(path, &mut file, size) {
            Err(damaged @ Error::Weights { .. }) => {
                return Err(known_otherwise(path, &mut file).unwrap_or(damaged));
            }
            read => read?,
        };
        Ok(TensorFile { path: path.into(), file, head, metadata, prefix: String::new() })
    }

    /// Where it was read.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The shape of a tensor, if there is one of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.info(name).map(|info| info.shape.as_slice())
    }

    /// The names of all tensors, in order.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.tensors().into_keys()
    }

    /// Looks for what stands before these names in the file, such as `module.`: if it is the same
    /// before all of them, tensors are asked for without it from here on.
    pub(super) fn find_prefix<'n>(&mut self, names: impl Iterator<Item = &'n str> + Clone) -> &str {
        let Some(first) = names.clone().next() else { return "" };
        let tensors = self.metadata.tensors();
        let before = |name: &String| Some(name.strip_suffix(first)?.to_owned());
        let is_common = |prefix: &String| {
            let is_there = |name: &str| tensors.contains_key(&format!("{prefix}{name}"));
            (prefix.is_empty() || prefix.ends_with('.')) && names.clone().all(is_there)
        };
        let mut prefixes: Vec<_> = tensors.keys().filter_map(before).filter(is_common).collect();
        prefixes.sort_by_key(String::len);
        self.prefix = prefixes.into_iter().next().unwrap_or_default();
        &self.prefix
    }

    /// Type and shape of a tensor, if there is one of this name.
    pub(crate) fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.metadata.info(&format!("{}{name}", self.prefix)).or_else(|| self.metadata.info(name))
    }

    /// Type and shape of all tensors, by name.
    pub(crate) fn tensors(&self) -> BTreeMap<String, &TensorInfo> {
        let known_as = |name: String| name.strip_prefix(&self.prefix).map(String::from).unwrap_or(name);
        self.metadata.tensors().into_iter().map(|(name, info)| (known_as(name), info)).collect()
    }

    /// The text that the metadata holds under a name.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(name).map(String::as_str)
    }

    /// Elements of a tensor of floats; those of 16 or 64 bits are converted.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if there is no tensor of this name or it has another type,
    /// [`crate::Error::Io`] if the file cannot be read, [`crate::Error::Device`] if there is no
    /// memory for the elements.
    pub fn floats(&mut self, name: &str) -> Result<Vec<f32>> {
        let mut values = self.values(name)?;
        let mut floats = filled(values.len, 0.0, "the elements of a tensor")?;
        values.read(&mut floats)?;
        Ok(floats)
    }

    /// Elements of a tensor of floats, to be read part by part.
    ///
    /// # Errors
    ///
    /// As [`TensorFile::floats`].
    pub(crate) fn values(&mut self, name: &str) -> Result<Values<'_>> {
        let missing = || Error::weights(&self.path, SafeTensorError::TensorNotFound(name.into()).to_string());
        let info = self.info(name).ok_or_else(missing)?;
        if let Some(difference) = other_dtype(name, info.dtype) {
            return Err(Error::weights(&self.path, difference));
        }
        let ((start, end), dtype) = (info.data_offsets, info.dtype);
        self.seek(start)?;
        let file: Box<dyn Read> = match &mut self.file {
            Source::Disk(file) => Box::new(BufReader::with_capacity(BUFFER, file)),
            Source::Memory(contents) => Box::new(contents),
        };
        let file = file.take((end - start) as u64);
        Ok(Values { path: &self.path, file, dtype, len: (end - start) * 8 / dtype.bitsize() })
    }

    /// The first bytes of the file, before those of the tensors.
    #[cfg(feature = "data")]
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// The bytes that follow the head.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if the file cannot be read.
    #[cfg(feature = "data")]
    pub(crate) fn behind_head(&mut self) -> Result<impl Read> {
        self.seek(0)?;
        Ok(&mut self.file)
    }

    /// Goes to a position among the bytes that follow the head.
    fn seek(&mut self, position: usize) -> Result<()> {
        let start = SeekFrom::Start((self.head.len() + position) as u64);
        self.file.seek(start).map(drop).map_err(failed(&self.path, "read"))
    }
}

/// Elements of a tensor that wait to be read.
pub(crate) struct Values<'a> {
    path: &'a Path,
    file: Take<Box<dyn Read + 'a>>,
    dtype: Dtype,
    len: usize,
}

impl Values<'_> {
    /// Fills in the next elements.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if the file cannot be read, or the tensor has fewer.
    pub(crate) fn read(&mut self, values: &mut [f32]) -> Result<()> {
        floats::fill(values, self.dtype, &mut self.file).map_err(failed(self.path, "read"))
    }
}

/// What a file is, if it is no safetensors file but one of those that people have.
fn known_otherwise(path: &Path, file: &mut Source) -> Option<Error> {
    let mut first = Vec::new();
    file.rewind().ok()?;
    file.take(foreign::HEAD as u64).read_to_end(&mut first).ok()?;
    foreign::kind(&first).map(|kind| Error::weights(path, kind))
}

/// Reads the first bytes of a file and what they say, as
/// [`safetensors::SafeTensors::read_metadata`] does of a file in memory.
fn read_head(path: &Path, file: &mut Source, size: u64) -> Result<(Vec<u8>, Metadata)> {
    let damaged = |error| Error::weights(path, format!("not a whole safetensors file ({error})"));
    let behind_length =
        size.checked_sub(LENGTH as u64).ok_or_else(|| damaged(SafeTensorError::HeaderTooSmall))?;
    let mut length = [0; LENGTH];
    file.read_exact(&mut length).map_err(failed(path, "read"))?;
    let json = u64::from_le_bytes(length);
    if json > LONGEST as u64 {
        return Err(damaged(SafeTensorError::HeaderTooLarge));
    }
    let behind_head =
        behind_length.checked_sub(json).ok_or_else(|| damaged(SafeTensorError::InvalidHeaderLength))?;
    let mut head = length.to_vec();
    file.take(json).read_to_end(&mut head).map_err(failed(path, "read"))?;
    let text =
        str::from_utf8(&head[LENGTH..]).map_err(|error| damaged(SafeTensorError::InvalidHeader(error)))?;
    let metadata: Metadata = serde_json::from_str(text)
        .map_err(|error| damaged(SafeTensorError::InvalidHeaderDeserialization(error)))?;
    if metadata.data_len() as u64 != behind_head {
        return Err(damaged(SafeTensorError::MetadataIncompleteBuffer));
    }
    Ok((head, metadata))
}
