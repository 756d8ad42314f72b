//! Files that exist whole or not at all.
//!
//! Contents go to a temporary name in the same folder, reach the disk, and take their name by a rename: whoever opens
//! the name finds the old contents or the new, also after a crash.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use crate::error::{Error, Result};

/// Bytes that are collected for one call of the system.
pub(crate) const BUFFER: usize = 1 << 18;

/// An [`Error::Io`] of a path, for `map_err`.
pub(crate) fn failed(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::Io { path: path.into(), action, source }
}

/// What is said of folders, pipes and devices.
fn irregular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

/// Opens a file that is to be read in any order.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be opened or is no regular file.
pub(crate) fn open(path: &Path) -> Result<File> {
    let regular = |file: File| if file.metadata()?.is_file() { Ok(file) } else { Err(irregular()) };
    File::open(path).and_then(regular).map_err(failed(path, "read"))
}

/// The CRC-32 of all that a reader has.
///
/// # Errors
///
/// Those of the reader.
#[cfg(feature = "data")]
pub(crate) fn checksum(source: impl io::Read) -> io::Result<u32> {
    let mut source = flate2::CrcReader::new(io::BufReader::with_capacity(BUFFER, source));
    io::copy(&mut source, &mut io::sink())?;
    Ok(source.crc().sum())
}

/// A file on its way to a name, which it takes in [`Replacement::finish`]. Until then it lies beside, and is removed if this
/// is dropped.
pub(crate) struct Replacement {
    path: PathBuf,
    file: BufWriter<File>,
    // Behind the file: some systems only remove what nobody has open.
    temporary: Temporary,
}

impl Replacement {
    /// Begins an empty file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the name belongs to something that is no regular file, or the folder takes no file.
    pub(crate) fn create(path: &Path) -> Result<Replacement> {
        if path.exists() && !path.is_file() {
            return Err(failed(path, "write")(irregular()));
        }
        let temporary = Temporary::beside(path);
        let file = File::create(&temporary.path).map_err(failed(path, "write"))?;
        if cfg!(unix) {
            // Whoever removes leftovers passes over it. Where files cannot be locked, it may be taken for one.
            let _ = file.try_lock();
        }
        Ok(Replacement { path: path.into(), file: BufWriter::with_capacity(BUFFER, file), temporary })
    }

    /// Adds bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if they cannot be written.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(failed(&self.path, "write"))
    }

    /// Replaces bytes that were written at a position.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if they cannot be written.
    #[cfg(feature = "data")]
    pub(crate) fn overwrite(&mut self, position: u64, bytes: &[u8]) -> Result<()> {
        use io::Seek;
        let mut write = || {
            self.file.seek(io::SeekFrom::Start(position))?;
            self.file.write_all(bytes)?;
            self.file.seek(io::SeekFrom::End(0))
        };
        write().map(drop).map_err(failed(&self.path, "write"))
    }

    /// Brings the file to the disk and gives it its name.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if that fails.
    pub(crate) fn finish(self) -> Result<()> {
        let Replacement { path, file, temporary } = self;
        let finish = || {
            // Open until it has its name: closing it ends the lock.
            let file = file.into_inner()?;
            file.sync_all()?;
            temporary.rename(&path)?;
            sync_folder(folder(&path))
        };
        finish().map_err(failed(&path, "write"))
    }
}

/// A temporary name. The file that has it when this is dropped goes.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn beside(path: &Path) -> Temporary {
        Temporary { path: temporary(path), renamed: false }
    }

    fn rename(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // If there was an error, that is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives a file that is on the disk a second name, replacing what had it before. Where a file has only one, a copy gets it.
///
/// # Errors
///
/// What the system says.
#[cfg(feature = "data")]
pub(crate) fn link(file: &Path, path: &Path) -> io::Result<()> {
    let temporary = Temporary::beside(path);
    let copy = || {
        fs::copy(file, &temporary.path)?;
        File::options().append(true).open(&temporary.path)?.sync_all()
    };
    fs::hard_link(file, &temporary.path).or_else(|_| copy())?;
    // If the file had both others already, the temporary one stays, for the drop to remove.
    fs::rename(&temporary.path, path)?;
    sync_folder(folder(path))
}

/// Writes a file, replacing what had the name before.
///
/// # Errors
///
/// [`Error::Io`] if the name belongs to something that is no regular file, or a byte cannot be written.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    let mut file = Replacement::create(path)?;
    file.write(contents)?;
    file.finish()
}

/// Creates a folder if it is missing and proves that files can be written in it, before hours of work rely on it. Temporary
/// files and folders that a killed process left there are removed, and where files can be locked, none that are being written.
///
/// # Errors
///
/// [`Error::Io`] naming the folder.
pub(crate) fn create_writable(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    let probe = temporary(&folder.join("probe"));
    write_through(&probe, b"probe")
        .and_then(|()| if_there(fs::remove_file(&probe)))
        .and_then(|()| remove_leftovers(folder))
        .map_err(failed(folder, "write"))
}

/// Keeps other processes that ask for the same from a folder, which is created if it is missing, until this is dropped or the
/// process has ended in whatever way. Where the system cannot lock a folder, nothing is kept from it.
///
/// # Errors
///
/// [`Error::Io`] naming the folder if it cannot be created or another process has it.
#[cfg(feature = "trainer")]
pub(crate) fn reserve(folder: &Path) -> Result<Option<File>> {
    let Some(file) = lockable(folder)? else { return Ok(None) };
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => {
            let source = io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another run is writing there; choose another folder",
            );
            Err(failed(folder, "write")(source))
        }
        _ => Ok(Some(file)),
    }
}

/// As [`reserve`], but waits for the other process.
///
/// # Errors
///
/// [`Error::Io`] naming the folder if it cannot be created.
#[cfg(feature = "download")]
pub(crate) fn wait_for(folder: &Path) -> Result<Option<File>> {
    Ok(lockable(folder)?.filter(|file| file.lock().is_ok()))
}

#[cfg(any(feature = "trainer", feature = "download"))]
fn lockable(folder: &Path) -> Result<Option<File>> {
    fs::create_dir_all(folder).map_err(failed(folder, "create"))?;
    Ok(File::open(folder).ok().filter(|_| cfg!(unix)))
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

/// True if a [`Replacement`] has this temporary name, of whatever process.
fn is_being_written(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
}

/// Success too if what was to be removed is not there.
pub(crate) fn if_there(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn write_through(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

/// Makes a rename outlive a power failure; only Unix lets a folder be opened for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A name beside a path for what is not whole yet, another one at every call; [`create_writable`] removes what is left of it.
pub(crate) fn temporary(path: &Path) -> PathBuf {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    folder(path).join(format!(".{name}.{}.{call}.tmp", process::id()))
}

/// True for names that [`temporary`] makes.
fn is_temporary(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    inner.and_then(|name| name.rsplit_once('.')).is_some_and(|(_, call)| call.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_the_way_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(folder.path(), b"x").unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        assert!(folder.path().is_dir());
    }

    #[test]
    fn a_file_in_the_way_of_the_output_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::write(&path, "").unwrap();
        for output in [path.clone(), path.join("below")] {
            let error = create_writable(&output).unwrap_err();
            assert!(matches!(error, crate::Error::Io { .. }), "{error}");
            assert!(error.to_string().starts_with(&output.display().to_string()), "{error}");
        }
    }

    #[test]
    fn an_output_folder_is_created_empty() {
        let parent = tempfile::tempdir().unwrap();
        let output = parent.path().join("runs/first");
        create_writable(&output).unwrap();
        assert_eq!(fs::read_dir(&output).unwrap().count(), 0);
    }

    #[test]
    #[cfg(all(unix, feature = "trainer"))]
    fn a_folder_is_one_runs() {
        let folder = tempfile::tempdir().unwrap();
        let first = reserve(folder.path()).unwrap();
        let error = reserve(folder.path()).unwrap_err();
        assert!(error.to_string().contains("another run is writing there"), "{error}");
        drop(first);
        assert!(reserve(folder.path()).unwrap().is_some());
    }

    #[test]
    fn leftovers_go_and_a_users_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".last.ckpt.123.4.tmp", ".notes.tmp", "last.ckpt.123.4.tmp", ".last.ckpt"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir_all(folder.path().join(".set.123.5.tmp/half")).unwrap();
        create_writable(folder.path()).unwrap();
        assert!(!folder.path().join(".last.ckpt.123.4.tmp").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    #[cfg(unix)]
    fn what_is_being_written_is_no_leftover() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        let write = |contents: &[u8]| {
            let mut file = Replacement::create(&path).unwrap();
            file.write(contents).unwrap();
            file
        };
        let (first, second) = (write(b"first"), write(b"second"));
        create_writable(folder.path()).unwrap();
        first.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        second.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(feature = "data")]
    fn a_second_name_survives_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
        for contents in ["old", "new"] {
            replace(&first, contents.as_bytes()).unwrap();
            link(&first, &second).unwrap();
            link(&first, &second).unwrap();
        }
        replace(&first, b"other").unwrap();
        assert_eq!(fs::read(&second).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
