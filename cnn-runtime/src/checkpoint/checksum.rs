//! The checksum of a file's contents.

use std::io;

use cnn_core::files::BUFFER;

/// The CRC-32 of all that a reader has.
///
/// # Errors
///
/// The reader's errors.
pub(crate) fn checksum(source: impl io::Read) -> io::Result<u32> {
    let mut source = flate2::CrcReader::new(io::BufReader::with_capacity(BUFFER, source));
    io::copy(&mut source, &mut io::sink())?;
    Ok(source.crc().sum())
}
