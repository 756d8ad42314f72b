//! The kinds of files that hold tensors, told by their first bytes: a file of a kind that is read is
//! opened, and about any other there is a line that says what to do.

use std::{
    io::{Read, Seek},
    path::Path,
};

use cnn_core::{Error, Result, files::failed};

use super::{
    container::{Container, Source},
    safetensors::Safetensors,
};

/// Bytes that tell kinds apart: the head of a zip's first entry, with its name, or of a tar.
const HEAD: usize = 512;

/// Bytes of a zip's entry before its name, and where the length of that stands.
const ENTRY: usize = 30;
const NAME_LENGTH: usize = 26;

/// Where a tar says that it is one, and how.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Safetensors,
    /// Arrays of NumPy under names.
    Npz,
    /// One array of NumPy.
    Npy,
    /// What `torch.save` writes, of any age.
    Torch,
    /// A zip of Keras.
    Keras,
    Hdf5,
}

/// Opens a file of tensors; `path` is for errors.
///
/// # Errors
///
/// [`crate::Error::Io`] if it cannot be read, [`crate::Error::Weights`] if it is of no kind that is
/// read, or damaged.
pub(super) fn open<'a>(path: &Path, mut file: Source<'a>) -> Result<Box<dyn Container + 'a>> {
    let mut head = Vec::new();
    (&mut file).take(HEAD as u64).read_to_end(&mut head).map_err(failed(path, "read"))?;
    file.rewind().map_err(failed(path, "read"))?;
    match Kind::of(&head) {
        Kind::Safetensors => Ok(Box::new(Safetensors::of(path, file)?)),
        #[cfg(feature = "npz")]
        Kind::Npz => Ok(Box::new(super::npz::Npz::of(path, file)?)),
        #[cfg(feature = "pytorch")]
        Kind::Torch => Ok(Box::new(super::pth::Pth::of(path, file)?)),
        other => Err(Error::weights(path, other.unread())),
    }
}

impl Kind {
    fn of(head: &[u8]) -> Kind {
        match head {
            [b'P', b'K', 3, 4, ..] => Kind::of_zip(&first_entry(head).unwrap_or_default()),
            // The head of a pickle, as PyTorch wrote files before version 1.6.
            [0x80, 2..=5, ..] => Kind::Torch,
            [0x89, b'H', b'D', b'F', ..] => Kind::Hdf5,
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Kind::Npy,
            _ if head.get(TAR.0..).is_some_and(|behind| behind.starts_with(TAR.1)) => Kind::Torch,
            _ => Kind::Safetensors,
        }
    }

    fn of_zip(first: &str) -> Kind {
        if first.ends_with(".npy") {
            Kind::Npz
        } else if first.ends_with(".json") || first.ends_with(".h5") {
            Kind::Keras
        } else {
            Kind::Torch
        }
    }

    /// What a file is that is not read, and what to do about it.
    fn unread(self) -> String {
        let convert = |what: &str, feature: &str, tensors: &str| {
            format!(
                "{what}, which only a build with the feature {feature} reads; in Python, \
                 safetensors.torch.save_file({tensors}, \"weights.safetensors\") makes one of it that every build reads"
            )
        };
        match self {
            Kind::Safetensors => "a safetensors file".into(),
            Kind::Npz => convert(
                "an npz file of NumPy",
                "npz",
                "{k: torch.from_numpy(v) for k, v in numpy.load(FILE).items()}",
            ),
            Kind::Torch => convert("a file of PyTorch", "pytorch", "torch.load(FILE, weights_only=True)"),
            Kind::Npy => {
                "one array of NumPy, which has no name: numpy.savez writes arrays under their names".into()
            }
            Kind::Keras => format!("a file of Keras, {KERAS}"),
            Kind::Hdf5 => format!("an HDF5 file, as Keras has them, {KERAS}"),
        }
    }
}

const KERAS: &str = "which is not read: numpy.savez writes its weights under the names of this network's parameters, \
                     kernels transposed from Keras' [h, w, in, out] to [out, in, h, w] and dense ones to [out, in]";

/// The name of a zip's first entry.
fn first_entry(head: &[u8]) -> Option<String> {
    let length = usize::from(u16::from_le_bytes([*head.get(NAME_LENGTH)?, *head.get(NAME_LENGTH + 1)?]));
    let behind = head.get(ENTRY..)?;
    Some(String::from_utf8_lossy(&behind[..length.min(behind.len())]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_first_bytes() {
        let zip = |name: &str| {
            let mut head = b"PK\x03\x04".to_vec();
            head.resize(ENTRY, 0);
            head[NAME_LENGTH] = name.len() as u8;
            Kind::of(&[&head, name.as_bytes(), b"contents"].concat())
        };
        assert_eq!(zip("archive/data.pkl"), Kind::Torch);
        assert_eq!(zip("x_train.npy"), Kind::Npz);
        assert_eq!(zip("config.json"), Kind::Keras);
        assert_eq!(Kind::of(b"\x80\x02\x8a\nl\xfc\x9cF"), Kind::Torch);
        assert_eq!(Kind::of(b"\x89HDF\r\n"), Kind::Hdf5);
        assert_eq!(Kind::of(&[&[b'a'; TAR.0][..], b"ustar  \0"].concat()), Kind::Torch);
        for other in [&b""[..], b"PK", b"\x10\0\0\0\0\0\0\0{\"a\":"] {
            assert_eq!(Kind::of(other), Kind::Safetensors, "{other:?}");
        }
    }
}
