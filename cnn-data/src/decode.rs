//! Files of png, jpeg, webp, bmp, gif and pnm to planar images; with the feature `formats` of tiff
//! and others, too.
//!
//! The format is found by content. Images are turned by their EXIF orientation; transparency is
//! dropped; 16 bits a sample become fractions of the 0 to 255 of 8 bits; the CMYK of printers
//! becomes RGB. A grey file gives one channel, others three.
//!
//! What a header announces is limited before memory is taken for it, and the memory that is missing
//! is an error about the file. Images that threads prepare share a
//! [`Budget`](super::budget::Budget).

mod bmp;
mod check;
mod format;
mod gif;
mod header;
mod jpeg;
mod orientation;
mod pixels;
mod png;
mod pnm;
#[cfg(feature = "formats")]
mod rare;
mod webp;

use std::{io::Read, path::Path};

use cnn_core::{Result, files};

use super::{Image, bad};
use bmp::Bmp;
pub(crate) use check::check;
use format::Format;
pub(crate) use format::{HEAD, Kind, READ, is_ending};
use gif::Gif;
use header::Header;
use jpeg::Jpeg;
use orientation::Orientation;
pub(crate) use pixels::Pixels;
use png::Png;
use pnm::Pnm;
use webp::WebP;

/// Bytes of the largest file, and of what a decoder may allocate for its output.
const MOST_BYTES: u64 = 1 << 30;

/// Bytes of a file that is read alone: no other image has memory of the budget meanwhile.
const LARGE: u64 = 1 << 26;

/// A decoder that has read the header of a file.
trait Decoder {
    /// What the file announces, unless that is too large.
    fn header(&self) -> Result<Header, String>;

    /// How the image is to be turned, by the EXIF of the file.
    fn orientation(&mut self) -> Result<Orientation, String>;

    /// Decodes the image, of an animation the first, into as many bytes as the header says.
    fn read(&mut self, samples: &mut [u8]) -> Result<(), String>;
}

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
    let mut decoder = decoder(bytes)?;
    let header = decoder.header()?;
    let orientation = decoder.orientation()?;
    image.wait_for(bytes.len() as u64 + header.memory());
    let mut samples = zeros(header.samples())?;
    // Decoders take memory of their own as if it could not be missing, and so do values that
    // somebody asks for: here it shows that it is not.
    drop(room(header.working_memory().max(header.values()))?);
    decoder.read(&mut samples)?;
    image.set_pixels(Pixels::new(samples, header.size, header.color, orientation));
    Ok(())
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

/// The decoder of a file in one of the formats.
fn decoder(bytes: &[u8]) -> Result<Box<dyn Decoder + '_>, String> {
    Ok(match Kind::of(bytes) {
        Kind::Image(Format::Png) => Box::new(Png::new(bytes)?),
        Kind::Image(Format::Jpeg) => Box::new(Jpeg::new(bytes)?),
        Kind::Image(Format::WebP) => Box::new(WebP::new(bytes)?),
        Kind::Image(Format::Bmp) => Box::new(Bmp::new(bytes)?),
        Kind::Image(Format::Gif) => Box::new(Gif::new(bytes)?),
        Kind::Image(Format::Pnm) => Box::new(Pnm::new(bytes)?),
        #[cfg(feature = "formats")]
        Kind::Rare(_) => Box::new(rare::Rare::new(bytes)?),
        other => return Err(other.refusal()),
    })
}

#[cfg(test)]
mod tests;
