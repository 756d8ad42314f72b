//! Tensors and a text in one safetensors file with a checksum.
//!
//! The file's metadata holds the text and, in eight hexadecimal digits, the CRC-32 of all bytes of the file with zeros in
//! the place of those digits.

use std::{collections::HashMap, io::Read, path::Path};

use flate2::Crc;

use crate::{
    error::{Error, Result},
    files::{Replacement, checksum, failed},
    weights::{
        RUN as TEXT, TensorFile,
        layout::{Layout, Planned, Sink},
        tensors::weights_error,
    },
};

const CHECKSUM: &str = "checksum";
const ZEROS: &str = "00000000";

/// As it stands in the head; a quotation mark within the text has a backslash before it.
const PLACE: &[u8] = br#""checksum":""#;

/// Writes a file whole or not at all; `pour` hands out the bytes of one tensor.
pub(super) fn write<S>(
    path: &Path,
    tensors: Vec<Planned<S>>,
    text: String,
    pour: impl FnMut(&S, &mut Sink) -> Result<()>,
) -> Result<()> {
    let metadata = HashMap::from([(TEXT.to_owned(), text), (CHECKSUM.to_owned(), ZEROS.to_owned())]);
    let layout = Layout::new(path, tensors, Some(metadata))?;
    let place = place(&layout.head).expect("the metadata holds a checksum");
    let mut file = Replacement::create(path)?;
    let mut crc = Crc::new();
    let mut out = |bytes: &[u8]| {
        crc.update(bytes);
        file.write(bytes)
    };
    layout.emit(&mut out, pour)?;
    file.overwrite(place as u64, digits(crc.sum()).as_bytes())?;
    file.finish()
}

/// A file that is exactly as it was written, and its text.
pub(super) fn open(path: &Path) -> Result<(TensorFile, String)> {
    let error = |message: &str| weights_error(path, message.into());
    let damaged = || error("damaged: its checksum does not match; resume from another checkpoint");
    let mut file = TensorFile::open(path).map_err(|cause| match cause {
        Error::Weights { .. } => error("no checkpoint, or a damaged one"),
        other => other,
    })?;
    let text = file.metadata().and_then(|entries| entries.get(TEXT)).cloned();
    let (text, place) = text
        .zip(place(file.head()))
        .ok_or_else(|| error("no checkpoint, but a file of weights; --init starts from it"))?;
    let mut head = file.head().to_vec();
    let found = head.get_mut(place..place + ZEROS.len()).ok_or_else(damaged)?;
    let expected = found.to_vec();
    found.copy_from_slice(ZEROS.as_bytes());
    let found = checksum(head.chain(file.behind_head()?)).map_err(failed(path, "read"))?;
    if expected != digits(found).as_bytes() {
        return Err(damaged());
    }
    Ok((file, text))
}

fn place(head: &[u8]) -> Option<usize> {
    head.windows(PLACE.len()).position(|window| window == PLACE).map(|start| start + PLACE.len())
}

fn digits(checksum: u32) -> String {
    format!("{checksum:08x}")
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use tempfile::TempDir;

    use super::*;
    use crate::weights::{
        floats::put,
        tensors::{self, Tensor},
    };

    /// A folder with a file.
    fn sealed() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ckpt");
        let tensor = Tensor::new("conv1.weight", &[3], vec![1.0, -2.0, 0.5]);
        let text = r#"{"checksum":"a \"checksum\":\" within the text"}"#;
        write(&path, vec![tensor.planned()], text.into(), |tensor, out| put(&tensor.values, out)).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_sealed_opens() {
        let (_folder, path) = sealed();
        let (mut file, text) = open(&path).unwrap();
        assert_eq!(file.floats("conv1.weight").unwrap(), [1.0, -2.0, 0.5]);
        assert!(text.contains("within the text"));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let (_folder, path) = sealed();
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[index] ^= 0x11;
            fs::write(&path, bytes).unwrap();
            assert!(open(&path).is_err(), "byte {index}");
            fs::write(&path, &whole[..index]).unwrap();
            assert!(open(&path).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn weights_are_no_checkpoint() {
        let (_folder, path) = sealed();
        tensors::write(&path, &[Tensor::new("a", &[1], vec![1.0])]).unwrap();
        assert!(open(&path).err().unwrap().to_string().contains("--init"));
    }
}
