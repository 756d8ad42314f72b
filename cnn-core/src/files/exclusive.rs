//! Files that one process has open and no other can open: what Windows has in place of locks that
//! only those heed who ask for them. Such a file is removed when it is closed, by whatever end of
//! its process.

use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::fs::OpenOptionsExt,
    path::Path,
};

/// What came of opening a file for one process alone.
pub(super) enum Exclusive {
    Ours(File),
    /// A process has it open.
    InUse,
}

const GENERIC_WRITE: u32 = 0x4000_0000;
const DELETE: u32 = 0x0001_0000;
const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
const ERROR_SHARING_VIOLATION: i32 = 32;

/// Opens a file, which is created if it is missing.
pub(super) fn create(path: &Path) -> io::Result<Exclusive> {
    alone(path, OpenOptions::new().write(true).create(true).access_mode(GENERIC_WRITE | DELETE))
}

/// Removes a file unless a process has it open.
pub(super) fn remove_unless_open(path: &Path) -> io::Result<()> {
    alone(path, OpenOptions::new().access_mode(DELETE)).map(drop)
}

fn alone(path: &Path, options: &mut OpenOptions) -> io::Result<Exclusive> {
    match options.share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE).open(path) {
        Ok(file) => Ok(Exclusive::Ours(file)),
        Err(error) if error.raw_os_error() == Some(ERROR_SHARING_VIOLATION) => Ok(Exclusive::InUse),
        Err(error) => Err(error),
    }
}
