//! Writes a state dict as arrays under their tensors' names, stored as they are, the last dimension
//! fastest. Equal sessions make equal files: an entry of the zip has no time of its own.

use std::{
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use cnn_core::{
    Error, Result,
    files::{Replacement, failed},
    floats::FloatType,
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::npy;
use crate::{
    session::Session,
    weights::{Source, layout::Planned, pour, torch::state_dict},
};

/// Bytes from which an entry of a zip needs lengths of 64 bits.
const LARGE: u64 = u32::MAX as u64;

/// Writes a session's parameters and running statistics as an archive of NumPy, whole or not at all,
/// and returns the number of its arrays: those of [`crate::weights::export`].
///
/// # Errors
///
/// As [`crate::weights::export`], and [`Error::Usage`] for floats of the type `bf16`, which NumPy
/// does not have.
pub fn export_npz(session: &mut Session, path: &Path, float_type: FloatType) -> Result<usize> {
    if float_type == FloatType::Bf16 {
        return Err(Error::Usage("NumPy has no bf16: f16 or f32 can be in an npz file".into()));
    }
    let tensors = state_dict(session, float_type);
    let mut file = Replacement::create(path)?;
    let mut archive = Archive { file: &mut file, failure: None };
    let written = write(&mut archive, path, &tensors, session, float_type);
    archive.failure.map_or(written, Err)?;
    file.finish()?;
    Ok(tensors.len())
}

fn write(
    archive: &mut Archive,
    path: &Path,
    tensors: &[Planned<Source>],
    session: &mut Session,
    float_type: FloatType,
) -> Result<()> {
    let refused = |error: zip::result::ZipError| failed(path, "write")(error.into());
    let mut zip = ZipWriter::new(archive);
    for tensor in tensors {
        let head = npy::head(tensor.dtype, &tensor.shape);
        let count = tensor.shape.iter().product::<usize>() as u64;
        let bytes = head.len() as u64 + count * tensor.dtype.bitsize() as u64 / 8;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(bytes >= LARGE);
        zip.start_file(format!("{}.npy", tensor.name), options).map_err(refused)?;
        let mut out = |bytes: &[u8]| zip.write_all(bytes).map_err(failed(path, "write"));
        out(&head)?;
        pour(session, &tensor.source, float_type, &mut out)?;
    }
    zip.finish().map(drop).map_err(refused)
}

/// The file of an archive. It takes all that is written to it and keeps the first failure, since the
/// writer of a zip says on stderr what fails when it is dropped.
struct Archive<'a> {
    file: &'a mut Replacement,
    failure: Option<Error>,
}

impl Archive<'_> {
    fn note<T>(&mut self, result: Result<T>, otherwise: T) -> T {
        result.unwrap_or_else(|error| {
            self.failure.get_or_insert(error);
            otherwise
        })
    }
}

impl Write for Archive<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_none() {
            let written = self.file.write(bytes);
            self.note(written, ());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Archive<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = self.file.seek(to);
        Ok(self.note(place, 0))
    }
}
