//! Weights for NumPy: an archive `.npz` whose arrays are a state dict, each under its tensor's name,
//! as `numpy.load(FILE)` reads it.
//!
//! An archive is a zip of `.npy` files that are stored as they are: a head of text that says type and
//! shape, and the values, the last dimension fastest. Equal sessions make equal archives: an entry
//! has no time of its own.

use std::{
    io::{self, Seek, SeekFrom, Write},
    path::Path,
};

use cnn_core::{
    Error, Result,
    files::{Replacement, failed},
    floats::FloatType,
};
use safetensors::Dtype;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{Source, layout::Planned, pour, torch::state_dict};
use crate::session::Session;

/// What a `.npy` file of version 1.0 begins with.
const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// The values of an array begin at a multiple of as many bytes.
const ALIGNMENT: usize = 64;

/// Bytes from which an entry of a zip needs lengths of 64 bits.
const LARGE: u64 = u32::MAX as u64;

/// Writes a session's parameters and running statistics as an archive of NumPy, whole or not at all,
/// and returns the number of its arrays: those of [`super::export`].
///
/// # Errors
///
/// As [`super::export`], and [`Error::Usage`] for floats of the type `bf16`, which NumPy does not
/// have.
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
        let head = head(tensor);
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

/// The head of an array: what it begins with, the length of the text, and the text.
fn head(tensor: &Planned<Source>) -> Vec<u8> {
    let kind = match tensor.dtype {
        Dtype::F16 => "<f2",
        Dtype::I64 => "<i8",
        _ => "<f4",
    };
    let sides = tensor.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    // A tuple of one ends in a comma.
    let end = if tensor.shape.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sides}{end}), }}");
    let start = MAGIC.len() + size_of::<u16>();
    let len = (start + text.len() + 1).next_multiple_of(ALIGNMENT) - start;
    text.push_str(&" ".repeat(len - 1 - text.len()));
    text.push('\n');
    [MAGIC, &(len as u16).to_le_bytes(), text.as_bytes()].concat()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_numpys() {
        let text = |dtype, shape: &[usize]| {
            let tensor = Planned { name: "a".into(), dtype, shape: shape.into(), source: Source::Counter };
            let head = head(&tensor);
            assert!(
                head.starts_with(b"\x93NUMPY\x01\0")
                    && head.len().is_multiple_of(64)
                    && head.ends_with(b"\n")
            );
            let len = usize::from(u16::from_le_bytes([head[8], head[9]]));
            assert_eq!(len + 10, head.len());
            String::from_utf8_lossy(&head[10..]).trim_end().to_owned()
        };
        let expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 1, 3, 3), }";
        assert_eq!(text(Dtype::F32, &[8, 1, 3, 3]), expected);
        assert_eq!(text(Dtype::F16, &[7]), "{'descr': '<f2', 'fortran_order': False, 'shape': (7,), }");
        assert_eq!(text(Dtype::I64, &[]), "{'descr': '<i8', 'fortran_order': False, 'shape': (), }");
    }
}
