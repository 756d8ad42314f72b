//! Files of png, jpeg and webp to planar images.
//!
//! The format is found by content. Images are turned by their EXIF orientation; transparency is
//! dropped; 16 bits a sample become fractions of the 0 to 255 of 8 bits; the CMYK of printers
//! becomes RGB. A grey file gives one channel, others three.
//!
//! What a header announces is limited before memory is taken for it, and the memory that is missing
//! is an error about the file. Images that threads prepare share a
//! [`Budget`](super::budget::Budget).

mod header;
mod pixels;

use std::{
    io::{Cursor, Read},
    path::Path,
};

use image::{ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{Image, bad};
use crate::{
    error::{Error, Result},
    files,
};
use header::Header;
use pixels::Pixels;

/// Bytes of the largest file, and of what a decoder may allocate for its output.
const MOST_BYTES: u64 = 1 << 30;

/// Bytes of a file that is read alone: no other image has memory of the budget meanwhile.
const LARGE: u64 = 1 << 26;

/// Decodes a file into an image.
///
/// # Errors
///
/// [`crate::Error::Data`] naming a file that is missing, damaged, too large for the memory that is
/// left, or no image.
pub fn decode(path: &Path, image: &mut Image) -> Result<()> {
    let unreadable = |error| bad(path, format!("cannot read: {error}"));
    let file = files::open_regular(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > MOST_BYTES {
        return Err(bad(path, format!("{length} bytes are too many for an image")));
    }
    image.wait_for(if length > LARGE { u64::MAX } else { 0 });
    let mut bytes = room(length).map_err(|message| bad(path, message))?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
    unfold(&bytes, image).map_err(|message| bad(path, message))
}

/// Decodes the bytes of a file into an image.
fn unfold(bytes: &[u8], image: &mut Image) -> Result<(), String> {
    let (format, mut decoder) = decoder(bytes)?;
    let header = Header::of(format, &decoder)?;
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err("truncated: the jpeg has no end".into());
    }
    let orientation = decoder.orientation().map_err(reason)?;
    image.wait_for(bytes.len() as u64 + header.memory());
    // Decoders take memory of their own as if it could not be missing: here it shows that it is
    // not.
    drop(room(header.working_memory())?);
    let mut samples = zeros(decoder.total_bytes())?;
    decoder.read_image(&mut samples).map_err(reason)?;
    Pixels { samples, size: header.size, color: header.color, orientation }.write(image)
}

/// Zeros, in memory that is there.
fn zeros(bytes: u64) -> Result<Vec<u8>, String> {
    let mut buffer = room(bytes)?;
    buffer.resize(bytes as usize, 0);
    Ok(buffer)
}

/// An empty buffer with room for so many bytes.
fn room(bytes: u64) -> Result<Vec<u8>, String> {
    let mut buffer = Vec::new();
    let reserved = usize::try_from(bytes).is_ok_and(|bytes| buffer.try_reserve_exact(bytes).is_ok());
    if reserved { Ok(buffer) } else { Err(format!("too large: there is no memory for {bytes} bytes")) }
}

/// A decoder that has read the header of a file, and the file's format.
fn decoder(bytes: &[u8]) -> Result<(ImageFormat, impl ImageDecoder), String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| error.to_string())?;
    let format = reader.format().ok_or("neither png, jpeg nor webp")?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    Ok((format, reader.into_decoder().map_err(reason)?))
}

fn reason(error: ImageError) -> String {
    match error {
        ImageError::Unsupported(error) => format!("not supported: {error}"),
        ImageError::Limits(error) => format!("too large: {error}"),
        error => format!("damaged: {}", error.to_string().trim_end()),
    }
}

/// True if an end marker follows the start of the first scan: the decoder would paint over what is
/// missing. (Within a scan, `ff` stands before `00` or a marker.)
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == START_OF_SCAN {
            return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]);
        }
        let fill = marker == 0xff;
        at += if fill { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
    false
}

/// Says that there is no memory for an image, as of a file that is too large.
fn no_memory(error: Error) -> String {
    format!("too large: {error}")
}

#[cfg(test)]
mod tests;
