//! Replacing a file as a whole: its new contents are on the disk before they take its name.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{
    BUFFER, failed, folder, irregular, sync_folder,
    temporary::{Temporary, rename},
};
use crate::Result;

/// New contents of a file, which take its name in [`Replacement::finish`]. Until then they lie
/// beside it, and they are removed if this is dropped.
pub struct Replacement {
    path: PathBuf,
    file: BufWriter<File>,
    // The order of the fields matters: the file is closed before its name is removed, which some
    // systems demand.
    temporary: Temporary,
}

impl Replacement {
    /// Begins an empty file.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if the name belongs to something that is no regular file, or the folder
    /// takes no file.
    pub fn create(path: &Path) -> Result<Replacement> {
        if path.exists() && !path.is_file() {
            return Err(failed(path, "write")(irregular()));
        }
        let create = || {
            let path = behind_link(path)?;
            let (temporary, file) = new_file(&path)?;
            if let Ok(before) = fs::metadata(&path) {
                file.set_permissions(before.permissions())?;
            }
            Ok(Replacement { path, file: BufWriter::with_capacity(BUFFER, file), temporary })
        };
        create().map_err(failed(path, "write"))
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if they cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(failed(&self.path, "write"))
    }

    /// Replaces bytes that were written at a position.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if they cannot be written.
    pub fn overwrite(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        use io::Seek;
        let mut write = || {
            self.file.seek(io::SeekFrom::Start(position))?;
            self.file.write_all(bytes)?;
            self.file.seek(io::SeekFrom::End(0))
        };
        write().map(drop).map_err(failed(&self.path, "write"))
    }

    /// Goes to another position, where the next bytes are written.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if there is no such position.
    pub fn seek(&mut self, to: io::SeekFrom) -> Result<u64> {
        io::Seek::seek(&mut self.file, to).map_err(failed(&self.path, "write"))
    }

    /// Brings the contents to the disk and gives them their name.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Io`] if that fails.
    pub fn finish(self) -> Result<()> {
        let Replacement { path, file, temporary } = self;
        let finish = || {
            // The file stays open until it has its name: once closed it may be taken for a leftover.
            let file = file.into_inner()?;
            file.sync_all()?;
            temporary.rename(&path)?;
            sync_folder(folder(&path))
        };
        finish().map_err(failed(&path, "write"))
    }
}

/// The name that is to be replaced: of a link the one that it leads to, so that it stays a link.
fn behind_link(path: &Path) -> io::Result<PathBuf> {
    if path.is_symlink() && path.exists() { fs::canonicalize(path) } else { Ok(path.into()) }
}

/// A file under a temporary name beside a path. Where files can be locked it is, so that whoever
/// removes leftovers passes over it; on Windows it is enough that it is open.
fn new_file(path: &Path) -> io::Result<(Temporary, File)> {
    loop {
        let temporary = Temporary::beside(path);
        let file = File::create_new(temporary.path())?;
        // Whoever took it for a leftover before it was locked has removed it: then another is made.
        let is_locked = cfg!(unix) && file.lock().is_ok();
        if !is_locked || temporary.path().exists() {
            return Ok((temporary, file));
        }
    }
}

/// Writes a file, replacing what had the name before.
///
/// # Errors
///
/// [`crate::Error::Io`] if the name belongs to something that is no regular file, or a byte cannot
/// be written.
pub fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    let mut file = Replacement::create(path)?;
    file.write(contents)?;
    file.finish()
}

/// Gives a file that is on the disk a second name, replacing what had it before. Where a file has
/// only one name, a copy gets the second.
///
/// # Errors
///
/// What the system reports.
pub fn link(file: &Path, path: &Path) -> io::Result<()> {
    // A name that is a link means the file that it leads to.
    let (file, path) = (&fs::canonicalize(file)?, &behind_link(path)?);
    let temporary = Temporary::beside(path);
    let copy = || {
        fs::copy(file, temporary.path())?;
        File::options().append(true).open(temporary.path())?.sync_all()
    };
    fs::hard_link(file, temporary.path()).or_else(|_| copy())?;
    // If both names belonged to the file already, the temporary one stays and is dropped.
    rename(temporary.path(), path)?;
    sync_folder(folder(path))
}
