//! Folders that are to be written, and what a killed process left in them.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::{
    failed,
    temporary::{is_temporary, temporary},
};
use crate::Result;

/// Creates a folder if it is missing and proves that files can be written in it, before hours of
/// work rely on it. Temporary files and folders that a killed process left there are removed; where
/// files can be locked, those that are being written stay.
///
/// # Errors
///
/// [`crate::Error::Io`] naming the folder.
pub fn create_writable(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    let probe = temporary(&folder.join("probe"));
    write_through(&probe, b"probe")
        .and_then(|()| if_there(fs::remove_file(&probe)))
        .and_then(|()| remove_leftovers(folder))
        .map_err(failed(folder, "write"))
}

fn remove_leftovers(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if is_temporary(&entry.file_name().to_string_lossy()) && !is_being_written(&path) {
            let remove = if entry.file_type()?.is_dir() { fs::remove_dir_all } else { fs::remove_file };
            if_there(remove(path))?;
        }
    }
    Ok(())
}

/// True if a [`super::Replacement`] of any process has this temporary name.
fn is_being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
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
