//! Files that exist whole or not at all, and the folders that hold them.
//!
//! Contents go to a temporary name in the same folder, reach the disk, and take their name by a
//! rename: whoever opens the name finds the old contents or the new ones, also after a crash.

#[cfg(feature = "data")]
mod checksum;
mod leftovers;
#[cfg(any(feature = "trainer", feature = "download"))]
mod lock;
mod open;
mod replace;
mod temporary;

use std::{io, path::Path};

use crate::error::Error;

#[cfg(feature = "data")]
pub(crate) use checksum::checksum;
pub(crate) use leftovers::create_writable;
#[cfg(feature = "data")]
pub(crate) use leftovers::if_there;
#[cfg(feature = "trainer")]
pub(crate) use lock::reserve;
#[cfg(feature = "download")]
pub(crate) use lock::wait_for;
pub(crate) use open::open;
#[cfg(feature = "data")]
pub(crate) use open::open_regular;
pub(crate) use replace::Replacement;
#[cfg(feature = "data")]
pub(crate) use replace::link;
pub(crate) use replace::replace;
#[cfg(feature = "download")]
pub(crate) use temporary::temporary;

/// Bytes that are collected for one call of the system.
pub(crate) const BUFFER: usize = 1 << 18;

/// Makes an [`Error::Io`] about a path, for `map_err`.
pub(crate) fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { path: path.into(), action, source }
}

/// The error about a folder, a pipe or a device where a file is expected.
fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// The folder that holds a path.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a rename outlive a power failure; only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests;
