//! Files of png, jpeg and webp to planar images.
//!
//! The format is found by content. Images are turned by their EXIF orientation; transparency is dropped; 16 bits a sample
//! become fractions of the 0 to 255 of 8 bits; the CMYK of printers becomes RGB. A grey file gives one channel, others three.
//! What a header announces is limited before memory is taken for it.

use std::{
    fs::{self, File},
    io::{Cursor, Read},
    path::Path,
};

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{Image, bad};
use crate::error::Result;

/// Pixels of the largest image: more than cameras take, far less than what a bomb unfolds to.
const MOST_PIXELS: u64 = 1 << 27;

/// Bytes of the largest file, and of what a decoder may allocate for its output.
const MOST_BYTES: u64 = 1 << 30;

/// Decodes a file into an image.
///
/// # Errors
///
/// [`crate::Error::Data`] naming a file that is missing, damaged, too large or no image.
pub fn decode(path: &Path, image: &mut Image) -> Result<()> {
    let bytes = read(path)?;
    let decoded = unfold(&bytes).map_err(|message| bad(path, message))?;
    write(decoded, image);
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error| bad(path, format!("cannot read: {error}"));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > MOST_BYTES {
        return Err(bad(path, format!("{length} bytes are too many for an image")));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

fn unfold(bytes: &[u8]) -> Result<DynamicImage, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    let format = reader.format().ok_or("neither png, jpeg nor webp")?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(reason)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(format!("{width}x{height} pixels are more than the {MOST_PIXELS} allowed"));
    }
    if format == ImageFormat::Jpeg && !jpeg_is_whole(bytes) {
        return Err("truncated: the jpeg has no end".into());
    }
    let orientation = decoder.orientation().map_err(reason)?;
    let mut decoded = DynamicImage::from_decoder(decoder).map_err(reason)?;
    decoded.apply_orientation(orientation);
    Ok(decoded)
}

fn reason(error: ImageError) -> String {
    match error {
        ImageError::Unsupported(error) => format!("not supported: {error}"),
        ImageError::Limits(error) => format!("too large: {error}"),
        error => format!("damaged: {}", error.to_string().trim_end()),
    }
}

/// True if an end marker follows the start of the first scan: the decoder would paint over what is missing.
/// (Within a scan, `ff` stands before `00` or a marker.)
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

fn write(decoded: DynamicImage, image: &mut Image) {
    let color = decoded.color();
    let channels = if color.has_color() { 3 } else { 1 };
    let stored = usize::from(color.channel_count());
    let values = image.reshape([channels, decoded.height() as usize, decoded.width() as usize]);
    match decoded {
        DynamicImage::ImageLuma8(_)
        | DynamicImage::ImageLumaA8(_)
        | DynamicImage::ImageRgb8(_)
        | DynamicImage::ImageRgba8(_) => planar(decoded.as_bytes(), stored, values, channels, f32::from),
        DynamicImage::ImageLuma16(pixels) => planar(&pixels, stored, values, channels, of_16_bits),
        DynamicImage::ImageLumaA16(pixels) => planar(&pixels, stored, values, channels, of_16_bits),
        DynamicImage::ImageRgb16(pixels) => planar(&pixels, stored, values, channels, of_16_bits),
        DynamicImage::ImageRgba16(pixels) => planar(&pixels, stored, values, channels, of_16_bits),
        other => planar(&other.into_rgb8(), 3, values, channels, f32::from),
    }
}

fn of_16_bits(sample: u16) -> f32 {
    f32::from(sample) / 257.0
}

/// `[H, W, stored]` to the first `channels` of `[stored, H, W]`.
fn planar<T: Copy>(samples: &[T], stored: usize, values: &mut [f32], channels: usize, value: fn(T) -> f32) {
    let plane = values.len() / channels;
    for (channel, plane) in values.chunks_exact_mut(plane.max(1)).enumerate() {
        for (to, pixel) in plane.iter_mut().zip(samples.chunks_exact(stored)) {
            *to = value(pixel[channel]);
        }
    }
}

#[cfg(test)]
mod tests;
