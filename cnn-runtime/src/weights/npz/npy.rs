//! The head of an array in NumPy's format: a dict of Python as text, which says what follows.
//!
//! Source: NEP 1, and `numpy.lib.format`.

use std::io::{self, Read};

use safetensors::Dtype;

use crate::weights::container::Info;

const MAGIC: &[u8] = b"\x93NUMPY";

/// What follows in a head that is written.
const VERSION: &[u8] = &[1, 0];

/// The elements of an array that is written begin at a multiple of as many bytes.
const ALIGNMENT: usize = 64;

/// The longest text that is read. NumPy writes one of less than 200 bytes.
const LONGEST: u32 = 10_000;

/// What an array is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) info: Info,
    /// The highest byte of a number comes first.
    pub(super) is_big_endian: bool,
    /// Elements of the first dimension follow each other, as in Fortran, and not those of the last.
    pub(super) is_fortran_order: bool,
}

/// Reads the head of an array; the elements follow. An array whose elements are no numbers is
/// none.
///
/// # Errors
///
/// [`io::ErrorKind::InvalidData`] if this is no head, and what the reader fails at.
pub(super) fn read_head(file: &mut impl Read) -> io::Result<Option<Array>> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut magic = [0; 8];
    file.read_exact(&mut magic)?;
    let [.., major, _minor] = magic;
    if !magic.starts_with(MAGIC) {
        return Err(invalid("no array of NumPy"));
    }
    let length = match major {
        1 => {
            let mut length = [0; 2];
            file.read_exact(&mut length)?;
            u16::from_le_bytes(length).into()
        }
        2 | 3 => {
            let mut length = [0; 4];
            file.read_exact(&mut length)?;
            u32::from_le_bytes(length)
        }
        _ => return Err(invalid("an array of NumPy in a later format")),
    };
    if length > LONGEST {
        return Err(invalid("an array of NumPy with a head that is too long"));
    }
    let mut text = vec![0; length as usize];
    file.read_exact(&mut text)?;
    let text = str::from_utf8(&text).map_err(|_| invalid("an array of NumPy whose head is no text"))?;
    parse(text).ok_or_else(|| invalid("an array of NumPy with a damaged head"))
}

/// The head of an array in C's order, the lowest byte of each element first.
pub(super) fn head(dtype: Dtype, shape: &[usize]) -> Vec<u8> {
    let kind = match dtype {
        Dtype::F16 => "<f2",
        Dtype::I64 => "<i8",
        _ => "<f4",
    };
    let sides = shape.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    // A tuple of one ends in a comma.
    let end = if shape.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sides}{end}), }}");
    let start = MAGIC.len() + VERSION.len() + size_of::<u16>();
    let len = (start + text.len() + 1).next_multiple_of(ALIGNMENT) - start;
    text.push_str(&" ".repeat(len - 1 - text.len()));
    text.push('\n');
    [MAGIC, VERSION, &(len as u16).to_le_bytes(), text.as_bytes()].concat()
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, its entries in any order.
fn parse(text: &str) -> Option<Option<Array>> {
    let shape = value(text, "shape")?.strip_prefix('(')?;
    let (shape, _) = shape.split_once(')')?;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    let shape = sizes.map(|size| size.parse().ok()).collect::<Option<Vec<usize>>>()?;
    let is_fortran_order = match value(text, "fortran_order")? {
        order if order.starts_with("True") => true,
        order if order.starts_with("False") => false,
        _ => return None,
    };
    let descr = value(text, "descr")?;
    // Elements with several parts have a list here.
    let Some(descr) = descr.strip_prefix(['\'', '"']) else { return Some(None) };
    let (descr, _) = descr.split_once(['\'', '"'])?;
    let Some(dtype) = dtype(descr.trim_start_matches(['<', '>', '|', '='])) else { return Some(None) };
    let info = Info { dtype, shape };
    Some(Some(Array { info, is_big_endian: descr.starts_with('>'), is_fortran_order }))
}

/// What follows a key.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let quoted = ['\'', '"'].map(|quote| format!("{quote}{key}{quote}"));
    let behind = quoted.iter().find_map(|key| text.split_once(key.as_str()))?.1;
    Some(behind.trim_start().strip_prefix(':')?.trim_start())
}

fn dtype(descr: &str) -> Option<Dtype> {
    Some(match descr {
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "i4" => Dtype::I32,
        "i8" => Dtype::I64,
        "u1" => Dtype::U8,
        "u2" => Dtype::U16,
        "u4" => Dtype::U32,
        "u8" => Dtype::U64,
        "b1" => Dtype::BOOL,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_of(text: &str) -> Vec<u8> {
        [MAGIC, VERSION, &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
    }

    fn read(text: &str) -> io::Result<Option<Array>> {
        read_head(&mut &head_of(text)[..])
    }

    #[test]
    fn heads_say_type_order_and_shape() {
        let array = |dtype, shape: &[usize], is_big_endian, is_fortran_order| {
            Some(Array { info: Info { dtype, shape: shape.into() }, is_big_endian, is_fortran_order })
        };
        for (text, expected) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }  \n",
                array(Dtype::F32, &[3, 4], false, false),
            ),
            (
                "{'descr': '>f8', 'fortran_order': True, 'shape': (2,), }\n",
                array(Dtype::F64, &[2], true, true),
            ),
            (
                "{\"shape\": (), \"descr\": \"|u1\", \"fortran_order\":False}",
                array(Dtype::U8, &[], false, false),
            ),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", None),
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", None),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn heads_are_numpys_and_are_read_again() {
        for (dtype, shape, expected) in [
            (
                Dtype::F32,
                &[8, 1, 3, 3][..],
                "{'descr': '<f4', 'fortran_order': False, 'shape': (8, 1, 3, 3), }",
            ),
            (Dtype::F16, &[7], "{'descr': '<f2', 'fortran_order': False, 'shape': (7,), }"),
            (Dtype::I64, &[], "{'descr': '<i8', 'fortran_order': False, 'shape': (), }"),
        ] {
            let head = head(dtype, shape);
            assert!(head.len().is_multiple_of(64) && head.ends_with(b"\n"));
            assert_eq!(String::from_utf8_lossy(&head[10..]).trim_end(), expected);
            let array = read_head(&mut &head[..]).unwrap().unwrap();
            assert_eq!(array.info, Info { dtype, shape: shape.into() });
        }
    }

    #[test]
    fn what_is_no_head_is_said_so() {
        for text in [
            "",
            "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
            "{'descr': '<f4', 'shape': (3,)}",
        ] {
            assert_eq!(read(text).unwrap_err().kind(), io::ErrorKind::InvalidData, "{text}");
        }
        let whole = head_of("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }");
        (0..whole.len()).for_each(|end| assert!(read_head(&mut &whole[..end]).is_err(), "cut at {end}"));
        let long = [MAGIC, &[2, 0], &u32::MAX.to_le_bytes()].concat();
        assert!(read_head(&mut &long[..]).is_err());
    }
}
