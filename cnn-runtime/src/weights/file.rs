//! A file of tensors of whatever kind, and its tensors by the names that a network has for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Cursor, Read},
    path::{Path, PathBuf},
};

use cnn_core::{
    Error, Result,
    files::{self, failed},
    is_statistic,
    reserve::{filled, product},
};
use safetensors::{Dtype, SafeTensorError};

use super::{
    container::{Container, Info, Source},
    floats, kind, other_dtype,
    policy::Rename,
};

/// An open file of tensors, safetensors or one of the kinds that features add: what it says of its
/// tensors, and their values on request.
///
/// With the feature `npz` that is a file of NumPy's `savez`, with `pytorch` one of `torch.save`.
#[derive(Debug)]
pub struct TensorFile<'a> {
    path: PathBuf,
    contents: Box<dyn Container + 'a>,
    tensors: BTreeMap<String, Named>,
    /// Tensors that the file has beside those before whose names the prefix stands.
    elsewhere: usize,
}

/// A tensor of a file, by the name under which it is asked for.
#[derive(Debug)]
struct Named {
    /// The name that the file has for it.
    own: String,
    info: Info,
}

impl<'a> TensorFile<'a> {
    /// Opens a file and reads what it says of its tensors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if it cannot be read or is no regular file, [`crate::Error::Weights`]
    /// if this is no file of a kind that is read, or a damaged one.
    pub fn open(path: &Path) -> Result<TensorFile<'static>> {
        let file = files::open(path)?;
        Ok(TensorFile::new(path, kind::open(path, Source::Disk(file))?))
    }

    /// Reads what the contents of a file say of its tensors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if this is no file of a kind that is read, or a damaged one; its
    /// path is `(bytes)`.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<TensorFile<'a>> {
        let path = Path::new("(bytes)");
        Ok(TensorFile::new(path, kind::open(path, Source::Memory(Cursor::new(bytes)))?))
    }

    pub(crate) fn new(path: &Path, contents: Box<dyn Container + 'a>) -> TensorFile<'a> {
        let tensors = contents.tensors().into_iter();
        let tensors = tensors.map(|(own, info)| (own.clone(), Named { own, info })).collect();
        TensorFile { path: path.into(), contents, tensors, elsewhere: 0 }
    }

    /// Where it was read.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many tensors it has beside those before whose names the prefix stands.
    pub(super) fn elsewhere(&self) -> usize {
        self.elsewhere
    }

    /// The shape of a tensor, if there is one of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.info(name).map(|info| info.shape.as_slice())
    }

    /// The names of all tensors, in order.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.tensors.keys().cloned()
    }

    /// Asks for tensors under other names from here on, by each rule in turn.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if a rule changes no name, or two tensors get one name.
    pub(super) fn rename(&mut self, rules: &[Rename]) -> Result<()> {
        for rule in rules {
            let mut renamed = BTreeMap::new();
            let mut is_used = false;
            for (name, tensor) in std::mem::take(&mut self.tensors) {
                let new = rule.apply(&name);
                is_used |= new.is_some();
                let new = new.unwrap_or(name);
                if let Some(first) = renamed.insert(new.clone(), tensor) {
                    let second = &renamed[&new].own;
                    let message = format!("{} and {second} would both be called {new} by {rule}", first.own);
                    return Err(Error::weights(&self.path, message));
                }
            }
            self.tensors = renamed;
            if !is_used {
                let message = format!("{rule} changes no name: no part of one begins with {}", rule.from());
                return Err(Error::weights(&self.path, message));
            }
        }
        Ok(())
    }

    /// Looks for what stands before these names in the file, such as `module.`: where that gives
    /// more than half of them, tensors are asked for without it from here on, and those before
    /// whose names it does not stand are passed over.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if the names stand behind several.
    pub(super) fn find_prefix<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Result<String> {
        let wanted: BTreeSet<&str> = names.collect();
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.tensors.keys() {
            let ends = std::iter::once(0).chain(name.match_indices('.').map(|(at, _)| at + 1));
            for at in ends.filter(|&at| wanted.contains(&name[at..])) {
                *found.entry(&name[..at]).or_default() += 1;
            }
        }
        let most = found.values().copied().max().unwrap_or(0);
        let best: Vec<&str> =
            found.iter().filter(|(_, count)| **count == most).map(|(prefix, _)| *prefix).collect();
        if most * 2 <= wanted.len() || best.first().is_none_or(|prefix| prefix.is_empty()) {
            return Ok(String::new());
        }
        if let [first, second, ..] = best[..] {
            let message = format!(
                "these names stand there behind {first} and behind {second}: a rule that renames {first} to nothing, or \
                 {second}, chooses"
            );
            return Err(Error::weights(&self.path, message));
        }
        let prefix = best[0].to_owned();
        let all = self.tensors.len();
        let of_network = |(name, tensor): (String, Named)| match name.strip_prefix(&prefix) {
            Some(name) => Some((name.to_owned(), tensor)),
            None => is_statistic(&name).then_some((name, tensor)),
        };
        self.tensors = std::mem::take(&mut self.tensors).into_iter().filter_map(of_network).collect();
        self.elsewhere = all - self.tensors.len();
        Ok(prefix)
    }

    /// Type and shape of a tensor, if there is one of this name.
    pub(crate) fn info(&self, name: &str) -> Option<&Info> {
        self.tensors.get(name).map(|tensor| &tensor.info)
    }

    /// Type and shape of all tensors, by name.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = (&str, &Info)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), &tensor.info))
    }

    /// The text that the metadata holds under a name.
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.contents.metadata(name)
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
        let Named { own, info } = self.tensors.get(name).ok_or_else(missing)?;
        if let Some(difference) = other_dtype(name, info.dtype) {
            return Err(Error::weights(&self.path, difference));
        }
        let bytes = self.contents.bytes(own).map_err(failed(&self.path, "read"))?;
        Ok(Values { path: &self.path, bytes, dtype: info.dtype, len: product(&info.shape) })
    }
}

/// Elements of a tensor that wait to be read.
pub(crate) struct Values<'a> {
    path: &'a Path,
    bytes: Box<dyn Read + 'a>,
    dtype: Dtype,
    /// Elements that have not been read.
    len: usize,
}

impl Values<'_> {
    /// Fills in the next elements.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if the file cannot be read, is damaged, or the tensor has fewer.
    pub(crate) fn read(&mut self, values: &mut [f32]) -> Result<()> {
        let mut fill = || {
            floats::fill(values, self.dtype, &mut self.bytes)?;
            self.len = self.len.saturating_sub(values.len());
            // A checksum is compared where a reader asks for what is behind the last byte.
            match self.len {
                0 => self.bytes.read(&mut [0]).map(drop),
                _ => Ok(()),
            }
        };
        fill().map_err(failed(self.path, "read"))
    }
}
