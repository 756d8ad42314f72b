//! Reads a zip of arrays, stored or compressed.

use std::{
    collections::BTreeMap,
    io::{self, Cursor, Read},
    path::Path,
};

use cnn_core::{Error, Result, reserve::product};
use zip::ZipArchive;

use super::npy::{self, Array};
use crate::weights::container::{Container, Info, Source};

/// The end of an entry's name, which is no part of the array's.
const ENDING: &str = ".npy";

/// An open file of arrays.
#[derive(Debug)]
pub(in crate::weights) struct Npz<'a> {
    zip: ZipArchive<Source<'a>>,
    /// The arrays, by name. Those whose elements are no numbers are passed over.
    arrays: BTreeMap<String, Entry>,
}

/// An array, and its place in the zip.
#[derive(Debug)]
struct Entry {
    index: usize,
    array: Array,
}

impl<'a> Npz<'a> {
    /// Reads what a file says of its arrays; `path` is for errors.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Weights`] if it is damaged, or an array's bytes are not those of its shape.
    pub(in crate::weights) fn of(path: &Path, file: Source<'a>) -> Result<Npz<'a>> {
        let damaged = |error: &dyn std::fmt::Display| {
            Error::weights(path, format!("not a whole npz file of NumPy ({error})"))
        };
        let mut zip = ZipArchive::new(file).map_err(|error| damaged(&error))?;
        let mut arrays = BTreeMap::new();
        for index in 0..zip.len() {
            let (name, array) = read_head(&mut zip, index).map_err(|error| damaged(&error))?;
            arrays.extend(array.map(|array| (name, Entry { index, array })));
        }
        Ok(Npz { zip, arrays })
    }
}

/// Reads the name of an entry, and what it is if it is an array.
fn read_head(zip: &mut ZipArchive<Source>, index: usize) -> io::Result<(String, Option<Array>)> {
    let mut entry = zip.by_index(index)?;
    let size = entry.size();
    let name = entry.name()?.into_owned();
    let Some(name) = name.strip_suffix(ENDING).map(String::from) else { return Ok((name, None)) };
    let invalid = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {what}"));
    let mut counted = Counted { entry: &mut entry, count: 0 };
    let array = npy::read_head(&mut counted).map_err(|error| invalid(error.to_string()))?;
    let rest = size.saturating_sub(counted.count);
    match array {
        Some(array) if bytes(&array.info) as u64 != rest => {
            Err(invalid(format!("{rest} bytes are not those of {:?}", array.info.shape)))
        }
        array => Ok((name, array)),
    }
}

/// The bytes of an array's elements.
fn bytes(info: &Info) -> usize {
    product(&info.shape).saturating_mul(info.dtype.bitsize() / 8)
}

/// Counts what is read.
struct Counted<R> {
    entry: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.entry.read(bytes)?;
        self.count += count as u64;
        Ok(count)
    }
}

impl Container for Npz<'_> {
    fn tensors(&self) -> BTreeMap<String, Info> {
        self.arrays.iter().map(|(name, entry)| (name.clone(), entry.array.info.clone())).collect()
    }

    fn metadata(&self, _name: &str) -> Option<&str> {
        None
    }

    fn bytes(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let Entry { index, array } = self.arrays.get(name).ok_or(io::ErrorKind::NotFound)?;
        let mut entry = self.zip.by_index(*index)?;
        npy::read_head(&mut entry)?;
        let is_otherwise = array.is_big_endian || (array.is_fortran_order && array.info.shape.len() > 1);
        if !is_otherwise {
            return Ok(Box::new(entry));
        }
        let mut elements = Vec::new();
        entry.take(bytes(&array.info) as u64).read_to_end(&mut elements)?;
        let size = array.info.dtype.bitsize() / 8;
        if array.is_big_endian {
            elements.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        if array.is_fortran_order {
            elements = last_dimension_first(&elements, size, &array.info.shape);
        }
        Ok(Box::new(Cursor::new(elements)))
    }
}

/// Elements in the order of C, whose order is Fortran's; each has `size` bytes.
fn last_dimension_first(elements: &[u8], size: usize, shape: &[usize]) -> Vec<u8> {
    let strides = shape.iter().scan(1, |stride, extent| Some(std::mem::replace(stride, *stride * extent)));
    let strides: Vec<usize> = strides.collect();
    let mut ordered = Vec::with_capacity(elements.len());
    let mut index = vec![0; shape.len()];
    for _ in 0..elements.len() / size {
        let at: usize = index.iter().zip(&strides).map(|(index, stride)| index * stride).sum();
        ordered.extend_from_slice(&elements[at * size..][..size]);
        for (index, extent) in index.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < *extent {
                break;
            }
            *index = 0;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_of_elements() {
        // Of a 2x3x2 array, whose element (i, j, k) is 6i + 2j + k in the order of C.
        let fortran = [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11];
        let ordered = last_dimension_first(&fortran, 1, &[2, 3, 2]);
        assert_eq!(ordered, (0..12).collect::<Vec<u8>>());
        let wide: Vec<u8> = fortran.iter().flat_map(|&value| [value, 0xff]).collect();
        let ordered = last_dimension_first(&wide, 2, &[2, 3, 2]);
        assert!(ordered.chunks(2).map(|pair| pair[0]).eq(0..12));
    }
}
