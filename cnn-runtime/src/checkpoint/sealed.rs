//! Tensors, a text and other metadata in one safetensors file with a checksum.
//!
//! The file's metadata holds the text and, in eight hexadecimal digits, the CRC-32 of all bytes of
//! the file with zeros in the place of those digits. Equal tensors and an equal text make equal
//! files.

use std::{collections::BTreeMap, io::Read, path::Path};

use cnn_core::{
    Error, Result,
    files::{Replacement, failed},
};
use flate2::Crc;

use super::checksum;
use crate::weights::{
    RUN as TEXT, TensorFile,
    floats::Sink,
    layout::{Layout, Planned},
    safetensors::Safetensors,
};

const CHECKSUM: &str = "checksum";
const ZEROS: &str = "00000000";

/// What stands before the digits in the head. It cannot be part of a text, where a quotation mark has
/// a backslash before it.
const PLACE: &[u8] = br#""checksum":""#;

/// Writes a file whole or not at all; `pour` hands out the bytes of one tensor.
pub(super) fn write<S>(
    path: &Path,
    tensors: Vec<Planned<S>>,
    text: String,
    metadata: BTreeMap<String, String>,
    pour: impl FnMut(&S, &mut Sink) -> Result<()>,
) -> Result<()> {
    let mut metadata = metadata;
    metadata.extend([(TEXT.to_owned(), text), (CHECKSUM.to_owned(), ZEROS.to_owned())]);
    let layout = Layout::new(path, tensors, &metadata)?;
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

/// Opens a file that is exactly as it was written, and reads its text.
pub(super) fn open(path: &Path) -> Result<(TensorFile<'static>, String)> {
    let error = |message: &str| Error::weights(path, message);
    let damaged = || error("damaged: its checksum does not match; resume from another checkpoint");
    let mut file = Safetensors::open(path).map_err(|cause| match cause {
        Error::Weights { .. } => error("no checkpoint, or a damaged one"),
        other => other,
    })?;
    let text = file.text(TEXT).map(String::from);
    let (text, place) =
        text.zip(place(file.head())).ok_or_else(|| error("no checkpoint, but a file of weights"))?;
    let mut head = file.head().to_vec();
    let found = head.get_mut(place..place + ZEROS.len()).ok_or_else(damaged)?;
    let expected = found.to_vec();
    found.copy_from_slice(ZEROS.as_bytes());
    let found =
        file.behind_head().and_then(|rest| checksum(head.chain(rest))).map_err(failed(path, "read"))?;
    if expected != digits(found).as_bytes() {
        return Err(damaged());
    }
    Ok((TensorFile::new(path, Box::new(file)), text))
}

/// The position of the digits in a head.
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
    use crate::weights::{Tensor, floats::put, save_tensors};

    /// A folder with a file.
    fn sealed() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.ckpt");
        write_to(&path);
        (folder, path)
    }

    fn write_to(path: &Path) {
        let tensor = Tensor::new("conv1.weight", &[3], vec![1.0, -2.0, 0.5]).unwrap();
        let planned = Planned::floats(tensor.name(), tensor.shape(), &tensor);
        let text = r#"{"checksum":"a \"checksum\":\" within the text"}"#;
        let more = BTreeMap::from([("classes".into(), r#"["\"checksum\":\""]"#.into())]);
        write(path, vec![planned], text.into(), more, |tensor, out| put(tensor.values(), out)).unwrap();
    }

    #[test]
    fn equal_contents_make_equal_files() {
        let (_folder, path) = sealed();
        let first = fs::read(&path).unwrap();
        for _ in 0..16 {
            write_to(&path);
            assert_eq!(fs::read(&path).unwrap(), first);
        }
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
        save_tensors(&path, &[Tensor::new("a", &[1], vec![1.0]).unwrap()]).unwrap();
        assert!(open(&path).err().unwrap().to_string().ends_with("no checkpoint, but a file of weights"));
    }
}
