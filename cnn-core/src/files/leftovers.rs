//! Folders that are to be written, and what a killed process left in them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::{
    failed,
    temporary::{Temporary, is_temporary},
};
use crate::Result;

/// Creates a folder if it is missing and proves that files can be written in it, before hours of
/// work rely on it. Temporary files that a killed process left there are removed, and folders of
/// this name with a file [`MARK`]; files that are being written stay, where the system can tell.
///
/// # Errors
///
/// [`crate::Error::Io`] naming the folder.
pub fn create_writable(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    let probe = Temporary::beside(&folder.join("probe"));
    write_through(probe.path(), b"probe")
        .and_then(|()| remove_leftovers(folder))
        .map_err(failed(folder, "write"))
}

/// A file in a temporary folder, by which it may be removed.
pub const MARK: &str = ".cnn-part";

fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if !is_temporary(&entry.file_name().to_string_lossy()) {
        } else if kind.is_dir() && path.join(MARK).is_file() {
            if_there(fs::remove_dir_all(path))?;
        } else if kind.is_file() {
            remove_unless_written(&path)?;
        }
    }
    Ok(())
}

/// Removes a file that no [`super::Replacement`] of any process has locked. It is locked while it is
/// removed, so that none begins with it.
#[cfg(not(windows))]
fn remove_unless_written(path: &Path) -> io::Result<()> {
    let file = File::open(path);
    let is_written =
        file.as_ref().is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)));
    if is_written { Ok(()) } else { if_there(fs::remove_file(path)) }
}

/// Removes a file that no process has open, as a [`super::Replacement`] has its own.
#[cfg(windows)]
fn remove_unless_written(path: &Path) -> io::Result<()> {
    if_there(super::exclusive::remove_unless_open(path))
}

/// Takes it for success, too, if what was to be removed is not there.
pub fn if_there(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn write_through(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(contents)?;
    file.sync_all()
}
