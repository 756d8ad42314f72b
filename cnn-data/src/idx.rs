//! IDX files (LeCun's MNIST format), plain or gzip: `00 00 08 D`, then D big-endian u32 dimensions,
//! then one byte an element, the last dimension fastest.
//!
//! The header is read first; memory for the contents is taken only after a pass over the file has
//! counted that many bytes.

use std::{
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use cnn_core::{Error, Result, files};
use flate2::bufread::MultiGzDecoder;

use super::{bad, room};

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The two kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Labels `[N]`.
    Labels,
    /// Images `[N, H, W]`.
    Images,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Labels, Kind::Images];

    const fn name(self) -> &'static str {
        match self {
            Kind::Labels => "labels",
            Kind::Images => "images",
        }
    }

    const fn rank(self) -> usize {
        match self {
            Kind::Labels => 1,
            Kind::Images => 3,
        }
    }

    const fn magic(self) -> u32 {
        0x0800 | self.rank() as u32
    }

    const fn header_len(self) -> u64 {
        4 * (1 + self.rank() as u64)
    }
}

/// A file whose header has been read.
#[derive(Debug)]
pub(super) struct IdxFile {
    path: PathBuf,
    kind: Kind,
    /// Elements in each dimension, images first.
    pub(super) dims: Vec<usize>,
}

impl IdxFile {
    /// Reads and checks the header; the dimensions are what it claims.
    pub(super) fn open(path: &Path, kind: Kind) -> Result<IdxFile> {
        let mut stream = stream(path)?;
        let mut word = || {
            let mut bytes = [0; 4];
            stream.read_exact(&mut bytes).map(|()| u32::from_be_bytes(bytes)).map_err(|e| damaged(path, &e))
        };
        let magic = word()?;
        if magic != kind.magic() {
            return Err(bad(path, wrong_magic(kind, magic)));
        }
        let dims = (0..kind.rank()).map(|_| word().map(|dim| dim as usize)).collect::<Result<Vec<_>>>()?;
        if dims[0] == 0 {
            return Err(bad(path, format!("holds no {}", kind.name())));
        }
        Ok(IdxFile { path: path.into(), kind, dims })
    }

    /// Reads the contents, after proof that the file holds exactly what its header claims.
    pub(super) fn read(&self) -> Result<Vec<u8>> {
        let (path, header) = (&self.path, self.kind.header_len());
        let claimed = self.dims.iter().try_fold(1u64, |product, &dim| product.checked_mul(dim as u64));
        let claimed = claimed.filter(|&bytes| bytes < isize::MAX as u64 - header);
        let claimed = claimed.ok_or_else(|| bad(path, format!("impossible dimensions {:?}", self.dims)))?;
        self.measure(claimed)?;

        let mut stream = stream(path)?;
        io::copy(&mut stream.by_ref().take(header), &mut io::sink()).map_err(|e| damaged(path, &e))?;
        let mut contents = Vec::new();
        room(&mut contents, path, claimed)?;
        contents.resize(claimed as usize, 0);
        stream.read_exact(&mut contents).map_err(|e| damaged(path, &e))?;
        Ok(contents)
    }

    /// Counts the bytes behind the header, one more than claimed at most; decompressing checks the
    /// gzip checksum too.
    fn measure(&self, claimed: u64) -> Result<()> {
        let (path, header) = (&self.path, self.kind.header_len());
        let mut stream = stream(path)?.take(header + claimed + 1);
        let found = io::copy(&mut stream, &mut io::sink()).map_err(|e| damaged(path, &e))?;
        let found = found.saturating_sub(header);
        if found < claimed {
            return Err(bad(
                path,
                format!("truncated: its header announces {claimed} bytes, {found} follow"),
            ));
        }
        if found > claimed {
            return Err(bad(
                path,
                format!("oversized: more follows the {claimed} bytes its header announces"),
            ));
        }
        Ok(())
    }
}

/// The file's contents, decompressed if it starts as gzip does.
fn stream(path: &Path) -> Result<Box<dyn Read>> {
    let open = || {
        let mut file = BufReader::new(files::open_regular(path)?);
        let gzip = file.fill_buf()?.starts_with(&GZIP);
        Ok(if gzip { Box::new(MultiGzDecoder::new(file)) as Box<dyn Read> } else { Box::new(file) })
    };
    open().map_err(|error: io::Error| bad(path, format!("cannot read: {error}")))
}

fn damaged(path: &Path, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => bad(path, "truncated: it ends before its contents do"),
        _ => bad(path, format!("damaged, fetch it again ({error})")),
    }
}

fn wrong_magic(expected: Kind, found: u32) -> String {
    let found = match Kind::ALL.into_iter().find(|kind| kind.magic() == found) {
        Some(kind) => format!("IDX {}", kind.name()),
        None => format!("{found:#010x}"),
    };
    format!("expected IDX {} (magic {:#010x}), found {found}", expected.name(), expected.magic())
}

#[cfg(test)]
mod tests;
