//! Folders that one process has for itself.

use std::{
    fs::{self, File},
    path::Path,
};

use super::failed;
use crate::Result;

/// Keeps other processes that ask for the same from a folder, which is created if it is missing,
/// until the result is dropped or the process has ended in whatever way. Where the system cannot
/// lock a folder, the result is empty and keeps nobody from it.
///
/// # Errors
///
/// [`crate::Error::Io`] naming the folder if it cannot be created or another process has it.
pub fn reserve(folder: &Path) -> Result<Option<File>> {
    let Some(file) = lockable(folder)? else { return Ok(None) };
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            let source = std::io::Error::new(
                std::io::ErrorKind::ResourceBusy,
                "another run is writing there; choose another folder",
            );
            Err(failed(folder, "write")(source))
        }
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Waits for the process that has the folder; otherwise as [`reserve`].
///
/// # Errors
///
/// [`crate::Error::Io`] naming the folder if it cannot be created.
pub fn wait_for(folder: &Path) -> Result<Option<File>> {
    Ok(lockable(folder)?.filter(|file| file.lock().is_ok()))
}

fn lockable(folder: &Path) -> Result<Option<File>> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    Ok(File::open(folder).ok().filter(|_| cfg!(unix)))
}
