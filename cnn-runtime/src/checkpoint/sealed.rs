//! Tensors and a text in one safetensors file with a checksum.
//!
//! The file's metadata holds the text and, in eight hexadecimal digits, the CRC-32 of all bytes of the file with zeros in
//! the place of those digits.

use std::collections::HashMap;

use flate2::Crc;
use safetensors::{SafeTensors, serialize};

use crate::weights::{RUN as TEXT, tensors::Tensor};

const CHECKSUM: &str = "checksum";
const ZEROS: &str = "00000000";

/// As it stands in the header; a quotation mark within the text has a backslash before it.
const PLACE: &[u8] = br#""checksum":""#;

/// The bytes of the file.
pub(super) fn seal(tensors: &[Tensor], text: String) -> Result<Vec<u8>, String> {
    let metadata = HashMap::from([(TEXT.to_owned(), text), (CHECKSUM.to_owned(), ZEROS.to_owned())]);
    let views = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor));
    let mut bytes = serialize(views, Some(metadata)).map_err(|error| error.to_string())?;
    let place = place(&bytes).ok_or("the header lacks a checksum")?;
    let checksum = format!("{:08x}", checksum(&bytes, place));
    bytes[place..][..ZEROS.len()].copy_from_slice(checksum.as_bytes());
    Ok(bytes)
}

/// The tensors and the text of a file that is exactly as it was written.
pub(super) fn open(bytes: &[u8]) -> Result<(SafeTensors<'_>, String), String> {
    let damaged = || "damaged: its checksum does not match; resume from another checkpoint".to_owned();
    let (_, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|_| "no checkpoint, or a damaged one".to_owned())?;
    let metadata = metadata.metadata().as_ref();
    let text = metadata.and_then(|entries| entries.get(TEXT)).cloned();
    let (text, place) =
        text.zip(place(bytes)).ok_or("no checkpoint, but a file of weights; --init starts from it")?;
    let found = bytes.get(place..place + ZEROS.len()).ok_or_else(damaged)?;
    if found != format!("{:08x}", checksum(bytes, place)).as_bytes() {
        return Err(damaged());
    }
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    Ok((tensors, text))
}

fn place(bytes: &[u8]) -> Option<usize> {
    bytes.windows(PLACE.len()).position(|window| window == PLACE).map(|start| start + PLACE.len())
}

fn checksum(bytes: &[u8], place: usize) -> u32 {
    let mut crc = Crc::new();
    crc.update(&bytes[..place]);
    crc.update(ZEROS.as_bytes());
    crc.update(&bytes[place + ZEROS.len()..]);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<u8> {
        let tensor = Tensor::new("conv1.weight", &[3], vec![1.0, -2.0, 0.5]);
        seal(&[tensor], r#"{"checksum":"a \"checksum\":\" within the text"}"#.into()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens() {
        let bytes = sealed();
        let (tensors, text) = open(&bytes).unwrap();
        assert_eq!(tensors.tensor("conv1.weight").unwrap().shape(), [3]);
        assert!(text.contains("within the text"));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let whole = sealed();
        for index in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[index] ^= 0x11;
            assert!(open(&bytes).is_err(), "byte {index}");
            assert!(open(&whole[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn weights_are_no_checkpoint() {
        let tensor = Tensor::new("a", &[1], vec![1.0]);
        let bytes = serialize([("a", &tensor)], None).unwrap();
        assert!(open(&bytes).unwrap_err().contains("--init"));
    }
}
