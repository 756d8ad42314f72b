//! Names of what is not whole yet: `.NAME.PROCESS.CALL.tmp` beside `NAME`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use super::folder;

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

/// A temporary name beside a path, another one at every call. [`super::create_writable`] removes
/// what a killed process left under such a name.
pub fn temporary(path: &Path) -> PathBuf {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    folder(path).join(format!(".{name}.{}.{call}.tmp", process::id()))
}

/// True of the names that [`temporary`] makes.
pub(super) fn is_temporary(name: &str) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    inner.and_then(|name| name.rsplit_once('.')).is_some_and(|(_, call)| call.parse::<u32>().is_ok())
}
