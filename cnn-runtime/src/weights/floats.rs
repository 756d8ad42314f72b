//! Floats as files hold them: four bytes each, the lowest first.

use std::io::{self, Read};

use cnn_core::Result;

/// Takes the next bytes of a file.
pub(crate) type Sink<'a> = dyn FnMut(&[u8]) -> Result<()> + 'a;

/// Floats that are converted at a time.
const COUNT: usize = 1024;

/// The bytes of that many floats, to be filled in.
const BYTES: [[u8; size_of::<f32>()]; COUNT] = [[0; size_of::<f32>()]; COUNT];

/// Hands out the bytes of floats.
pub(crate) fn put(values: &[f32], out: &mut Sink) -> Result<()> {
    values.chunks(COUNT).try_for_each(|values| {
        let mut bytes = BYTES;
        bytes.iter_mut().zip(values).for_each(|(bytes, value)| *bytes = value.to_le_bytes());
        out(bytes[..values.len()].as_flattened())
    })
}

/// Fills in floats from the next bytes of a reader.
pub(super) fn fill(values: &mut [f32], source: &mut impl Read) -> io::Result<()> {
    values.chunks_mut(COUNT).try_for_each(|values| {
        let mut bytes = BYTES;
        let bytes = &mut bytes[..values.len()];
        source.read_exact(bytes.as_flattened_mut())?;
        values.iter_mut().zip(bytes).for_each(|(value, bytes)| *value = f32::from_le_bytes(*bytes));
        Ok(())
    })
}
