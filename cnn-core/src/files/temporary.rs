//! Names of what is not whole yet: `.NAME.PROCESS.CALL.cnn-part` beside `NAME`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use super::folder;

/// The end of these names, which are nobody else's.
const ENDING: &str = ".cnn-part";

/// Bytes of a file's own name that its temporary one keeps.
const LONGEST: usize = 200;

/// A temporary name beside a path. The file that still has it when this is dropped is removed.
pub(super) struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    pub(super) fn beside(path: &Path) -> Temporary {
        Temporary { path: temporary(path), renamed: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file another name.
    pub(super) fn rename(mut self, path: &Path) -> io::Result<()> {
        rename(&self.path, path)?;
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

/// Renames a file. On Windows nothing takes the name of a file that a program has open without
/// leave to remove it, as virus scanners and indexers have new files for a moment: that moment is
/// waited for.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut pauses = if cfg!(windows) { 50 } else { 0 };
    loop {
        match fs::rename(from, to) {
            Err(error) if pauses > 0 && error.kind() == io::ErrorKind::PermissionDenied => {
                pauses -= 1;
                thread::sleep(PAUSE);
            }
            renamed => return renamed,
        }
    }
}

/// A temporary name beside a path, another one at every call. [`super::create_writable`] removes
/// what a killed process left under such a name.
pub fn temporary(path: &Path) -> PathBuf {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Systems limit names, most to 255 bytes.
    let name = &name[..name.floor_char_boundary(LONGEST)];
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    folder(path).join(format!(".{name}.{}.{call}{ENDING}", process::id()))
}

/// True of the names that [`temporary`] makes.
pub(super) fn is_temporary(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(ENDING));
    let mut numbers = inner.into_iter().flat_map(|name| name.rsplit('.').take(2)).map(str::parse::<u32>);
    matches!((numbers.next(), numbers.next()), (Some(Ok(_)), Some(Ok(_))))
}
