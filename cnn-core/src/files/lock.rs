//! Folders that one process has for itself.

use std::{
    fs::{self, File},
    path::Path,
    thread,
    time::Duration,
};

use super::failed;
use crate::Result;

/// The time between two looks at a folder that another process has.
const PAUSE: Duration = Duration::from_millis(100);

/// Keeps other processes that ask for the same from a folder, which is created if it is missing,
/// until the result is dropped or the process has ended in whatever way. Where the system cannot
/// lock a folder, the result is empty and keeps nobody from it.
///
/// # Errors
///
/// [`crate::Error::Io`] naming the folder if it cannot be created or another process has it.
pub fn reserve(folder: &Path) -> Result<Option<File>> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    try_lock(folder).map_err(|Taken| {
        let source = std::io::Error::new(
            std::io::ErrorKind::ResourceBusy,
            "another run is writing there; choose another folder",
        );
        failed(folder, "write")(source)
    })
}

/// Waits for the process that has the folder; otherwise as [`reserve`].
///
/// # Errors
///
/// [`crate::Error::Io`] naming the folder if it cannot be created.
pub fn wait_for(folder: &Path) -> Result<Option<File>> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    loop {
        match try_lock(folder) {
            Ok(lock) => return Ok(lock),
            Err(Taken) => thread::sleep(PAUSE),
        }
    }
}

/// Another process has the folder.
struct Taken;

/// Locks the folder itself, which only Unix opens as a file.
#[cfg(not(windows))]
fn try_lock(folder: &Path) -> Result<Option<File>, Taken> {
    let Some(file) = File::open(folder).ok().filter(|_| cfg!(unix)) else { return Ok(None) };
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(Taken),
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// Has a file in the folder open that nobody else may open, and that goes when it is closed.
#[cfg(windows)]
fn try_lock(folder: &Path) -> Result<Option<File>, Taken> {
    use super::exclusive::{self, Exclusive};
    match exclusive::create(&folder.join(".cnn-lock")) {
        Ok(Exclusive::Ours(file)) => Ok(Some(file)),
        Ok(Exclusive::InUse) => Err(Taken),
        Err(_) => Ok(None),
    }
}
