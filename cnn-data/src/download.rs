//! Known data sets from the network.
//!
//! A file is received under a temporary name and takes its own only when its SHA-256 is the
//! expected one: what has the name is whole, whoever served it. Mirrors are tried in order.

mod known;
mod transfer;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use cnn_core::{Result, files};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::bad;
pub use known::{CIFAR10, CIFAR100, FASHION_MNIST, MNIST};
use transfer::{Failure, receive};

/// Bytes that a file may decompress to; the largest is a fifth of it.
const LARGEST: u64 = 1 << 30;

/// The files of a data set, and where they are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Source {
    /// Addresses of folders, in the order in which they are asked.
    pub mirrors: &'static [&'static str],
    /// The files, the same on every mirror.
    pub files: &'static [Remote],
}

impl Source {
    /// These files, which are the same in each of these folders.
    pub const fn new(mirrors: &'static [&'static str], files: &'static [Remote]) -> Source {
        Source { mirrors, files }
    }
}

/// A file on a mirror.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Remote {
    /// The name of the file on the mirror.
    pub name: &'static str,
    /// What is done with the file.
    pub form: Form,
    /// The checksum in hexadecimal digits; [`Form`] says of what.
    pub sha256: &'static str,
}

impl Remote {
    /// A file of this name and checksum.
    pub const fn new(name: &'static str, form: Form, sha256: &'static str) -> Remote {
        Remote { name, form, sha256 }
    }
}

/// What is done with a file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Form {
    /// The file is kept as it is; the checksum is of what it decompresses to.
    Gzip,
    /// The file is a compressed archive, which is unpacked; the checksum is of the archive.
    Archive {
        /// The only folder in the archive.
        folder: &'static str,
        /// A file in that folder.
        holds: &'static str,
    },
}

/// Fetches those files of a data set that a folder lacks, and calls `log_line` with a line about
/// each. If a mirror is given, only that one is asked.
///
/// # Errors
///
/// [`crate::Error::Io`] if the folder cannot be written, [`crate::Error::Data`] naming a file that
/// no mirror served as it must be, with what each of them answered.
pub fn fetch(source: &Source, folder: &Path, mirror: Option<&str>, log_line: fn(&str)) -> Result<()> {
    if source.files.iter().all(|file| file.is_in(folder)) {
        return Ok(());
    }
    // Another process that fetches the same may be done with it by then.
    let _reserved = files::wait_for(folder)?;
    let missing: Vec<_> = source.files.iter().filter(|file| !file.is_in(folder)).collect();
    missing.iter().try_for_each(|file| file.has_room(folder))?;
    files::create_writable(folder)?;
    let mirrors = mirror.as_ref().map_or(source.mirrors, std::slice::from_ref);
    missing.into_iter().try_for_each(|file| file.fetch(folder, mirrors, log_line))
}

impl Remote {
    /// True if a data set would find the file in a folder.
    fn is_in(&self, folder: &Path) -> bool {
        match self.form {
            Form::Gzip => {
                [self.name, self.name.trim_end_matches(".gz")].iter().any(|name| folder.join(name).exists())
            }
            Form::Archive { folder: within, holds } => {
                folder.join(within).join(holds).exists() || folder.join(holds).exists()
            }
        }
    }

    /// Refuses to unpack over a folder that somebody else left without what it must hold.
    fn has_room(&self, folder: &Path) -> Result<()> {
        let Form::Archive { folder: within, holds } = self.form else { return Ok(()) };
        let place = folder.join(within);
        if fs::read_dir(&place).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(bad(&place, format!("lacks {holds}; remove the folder, and it is fetched anew")));
        }
        Ok(())
    }

    fn fetch(&self, folder: &Path, mirrors: &[&str], log_line: fn(&str)) -> Result<()> {
        let path = folder.join(self.name);
        let part = files::temporary(&path);
        let mut answers = Vec::new();
        for mirror in mirrors {
            let url = format!("{}/{}", mirror.trim_end_matches('/'), self.name);
            log_line(&format!("fetching {url}"));
            let received = receive(&url, &part).and_then(|()| self.accept(&part, &path));
            // Nothing is left to remove of what was accepted.
            let _ = fs::remove_file(&part);
            match received {
                Ok(()) => return Ok(()),
                Err(Failure::Local(error)) => return Err(files::failed(&path, "write")(error)),
                Err(Failure::Remote(answer)) => answers.push(format!("{url}: {answer}")),
            }
        }
        let answers = answers.join("; ");
        Err(bad(&path, format!("could not be fetched from any server ({answers})")))
    }

    /// Checks what was received, and gives it its name.
    fn accept(&self, part: &Path, path: &Path) -> Result<(), Failure> {
        let found = self.checksum(part).map_err(|error| Failure::Remote(format!("damaged ({error})")))?;
        if found != self.sha256 {
            return Err(Failure::Remote(format!(
                "another file: its SHA-256 is {found}, expected {}",
                self.sha256
            )));
        }
        let placed = match self.form {
            Form::Gzip => fs::rename(part, path),
            Form::Archive { folder, .. } => unpack(part, &path.with_file_name(folder)),
        };
        placed.map_err(Failure::Local)
    }

    fn checksum(&self, path: &Path) -> io::Result<String> {
        let file = File::open(path)?;
        let stream: Box<dyn Read> = match self.form {
            Form::Gzip => Box::new(MultiGzDecoder::new(file)),
            Form::Archive { .. } => Box::new(file),
        };
        let (mut stream, mut hash, mut block) = (stream.take(LARGEST), Sha256::new(), vec![0; 1 << 16]);
        loop {
            match stream.read(&mut block)? {
                0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
                count => hash.update(&block[..count]),
            }
        }
    }
}

/// Unpacks the folder of this name out of an archive beside it, whole or not at all, and removes
/// the archive.
fn unpack(archive: &Path, folder: &Path) -> io::Result<()> {
    let part: PathBuf = files::temporary(folder);
    let unpacked = fs::create_dir(&part)
        .and_then(|()| fs::write(part.join(files::MARK), ""))
        .and_then(|()| File::open(archive))
        .and_then(|file| tar::Archive::new(MultiGzDecoder::new(file)).unpack(&part))
        .and_then(|()| fs::rename(part.join(folder.file_name().unwrap_or_default()), folder));
    // What is left there is empty, or of no use.
    let _ = fs::remove_dir_all(&part);
    unpacked.and_then(|()| fs::remove_file(archive))
}

#[cfg(test)]
mod tests;
