//! Files that exist whole or not at all, and the folders that hold them.
//!
//! Contents go to a temporary name in the same folder, reach the disk, and take their name by a
//! rename: whoever opens the name finds the old contents or the new ones, also after a crash.

#[cfg(windows)]
mod exclusive;
mod leftovers;
mod lock;
mod open;
mod replace;
mod temporary;

use std::{io, path::Path};

use crate::Error;

pub use leftovers::{MARK, create_writable, if_there};
pub use lock::{reserve, wait_for};
pub use open::{open, open_regular};
pub use replace::{Replacement, link, replace};
pub use temporary::temporary;

/// Bytes that are collected for one call of the system.
pub const BUFFER: usize = 1 << 18;

/// Makes an [`Error::Io`] about a path, for `map_err`.
pub fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Error {
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

/// Makes a rename outlive a power failure; only Unix lets a folder be opened for that, and not every
/// file system can do it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    if !cfg!(unix) {
        return Ok(());
    }
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.or_else(|error| match error.kind() {
        InvalidInput | PermissionDenied | Unsupported => Ok(()),
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests;
