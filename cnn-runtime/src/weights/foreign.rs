//! Files of weights that are no safetensors files, by their first bytes, and how to make one of them.

/// Bytes that tell them apart: the head of a zip's first entry, with its name.
pub(super) const HEAD: usize = 256;

/// Bytes of a zip's entry before its name, and where the length of that stands.
const ENTRY: usize = 30;
const NAME_LENGTH: usize = 26;

/// What else a file is, and what to do about it.
pub(super) fn kind(head: &[u8]) -> Option<String> {
    let convert = |what: &str, tensors: &str| {
        format!(
            "{what}, no safetensors file: in Python, safetensors.torch.save_file({tensors}, \"weights.safetensors\") \
             makes one of it"
        )
    };
    let torch = "torch.load(FILE, weights_only=True)";
    match head {
        [b'P', b'K', 3, 4, ..] => {
            let length = usize::from(*head.get(NAME_LENGTH)?);
            let name = String::from_utf8_lossy(head.get(ENTRY..)?.get(..length)?).into_owned();
            Some(if name.ends_with(".npy") {
                convert("an npz file of NumPy", "{k: torch.from_numpy(v) for k, v in numpy.load(FILE).items()}")
            } else if name.ends_with(".json") || name.ends_with(".h5") {
                "a file of Keras, no safetensors file: its weights have to be written with safetensors".into()
            } else {
                convert("a file of PyTorch", torch)
            })
        }
        // The head of a pickle, as PyTorch wrote files before version 1.6.
        [0x80, 2..=5, ..] => Some(convert("a file of PyTorch (a pickle)", torch)),
        [0x89, b'H', b'D', b'F', ..] => {
            Some("an HDF5 file, as Keras has them, no safetensors file: its weights have to be written with safetensors".into())
        }
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some("an array of NumPy, no safetensors file".into()),
        _ => None,
    }
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
            kind(&[&head, name.as_bytes(), b"contents"].concat())
        };
        assert!(
            zip("archive/data.pkl").unwrap().starts_with("a file of PyTorch, no safetensors file: in Python")
        );
        assert!(zip("x_train.npy").unwrap().starts_with("an npz file"));
        assert!(zip("config.json").unwrap().starts_with("a file of Keras"));
        assert!(kind(b"\x80\x02\x8a\nl\xfc\x9cF").unwrap().starts_with("a file of PyTorch (a pickle)"));
        for other in [&b""[..], b"PK", b"PK\x03\x04", b"\x10\0\0\0\0\0\0\0{\"a\":"] {
            assert_eq!(kind(other), None, "{other:?}");
        }
    }
}
