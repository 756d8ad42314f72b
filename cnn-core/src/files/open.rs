//! Opening a file for reading.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use super::{failed, irregular};
use crate::Result;

/// Opens a file that is to be read in any order.
///
/// # Errors
///
/// [`crate::Error::Io`] if it cannot be opened or is no regular file.
pub fn open(path: &Path) -> Result<File> {
    open_regular(path).map_err(failed(path, "read"))
}

/// Opens a regular file, for whoever makes an error of the system's.
///
/// What the name stands for is asked before it is opened, since opening a pipe waits for a writer,
/// and again afterwards, since it may have changed meanwhile.
///
/// # Errors
///
/// What the system reports, or that this is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(irregular());
    }
    let file = File::open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) }
}
