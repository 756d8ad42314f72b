//! Safetensors files as they are read: the head at once, the values when they are asked for.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use cnn_core::{
    Error, Result,
    files::{BUFFER, failed},
};
use safetensors::{SafeTensorError, tensor::Metadata};

use super::container::{Container, Info, Source};

/// Bytes of the number that a file begins with: the length of the JSON behind it, which is a
/// multiple of as many.
pub(super) const LENGTH: usize = size_of::<u64>();

/// The longest JSON that the library reads.
pub(super) const LONGEST: usize = 100_000_000;

/// An open safetensors file.
#[derive(Debug)]
pub(crate) struct Safetensors<'a> {
    file: Source<'a>,
    head: Vec<u8>,
    metadata: Metadata,
}

impl<'a> Safetensors<'a> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if it cannot be read or is no regular file, [`crate::Error::Weights`]
    /// if this is no safetensors file or a damaged one.
    #[cfg(feature = "data")]
    pub(crate) fn open(path: &Path) -> Result<Safetensors<'static>> {
        Safetensors::of(path, Source::Disk(cnn_core::files::open(path)?))
    }

    /// Reads what a file says of its tensors; `path` is for errors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if it cannot be read, [`crate::Error::Weights`] if this is no
    /// safetensors file or a damaged one.
    pub(super) fn of(path: &Path, mut file: Source<'a>) -> Result<Safetensors<'a>> {
        let size = file.seek(SeekFrom::End(0)).map_err(failed(path, "read"))?;
        file.rewind().map_err(failed(path, "read"))?;
        let (head, metadata) = read_head(path, &mut file, size)?;
        Ok(Safetensors { file, head, metadata })
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
    /// The error of the system if the file cannot be read.
    #[cfg(feature = "data")]
    pub(crate) fn behind_head(&mut self) -> io::Result<impl Read> {
        self.seek(0)?;
        Ok(&mut self.file)
    }

    /// Goes to a position among the bytes that follow the head.
    fn seek(&mut self, position: usize) -> io::Result<()> {
        self.file.seek(SeekFrom::Start((self.head.len() + position) as u64)).map(drop)
    }

    /// The text that the metadata holds under a name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(name).map(String::as_str)
    }
}

impl Container for Safetensors<'_> {
    fn tensors(&self) -> BTreeMap<String, Info> {
        let tensors = self.metadata.tensors().into_iter();
        tensors.map(|(name, info)| (name, Info { dtype: info.dtype, shape: info.shape.clone() })).collect()
    }

    fn metadata(&self, name: &str) -> Option<&str> {
        self.text(name)
    }

    fn bytes(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let info = self.metadata.info(name).ok_or(io::ErrorKind::NotFound)?;
        let (start, end) = info.data_offsets;
        self.seek(start)?;
        let length = (end - start) as u64;
        Ok(match &mut self.file {
            Source::Disk(file) => Box::new(BufReader::with_capacity(BUFFER, file).take(length)),
            Source::Memory(contents) => Box::new(contents.take(length)),
        })
    }
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
