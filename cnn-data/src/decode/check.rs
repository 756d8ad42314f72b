//! Whether a file is a whole image, by its first and last bytes where they show it.

use std::{
    fs::File,
    io::{Read, Result, Seek, SeekFrom},
    path::Path,
};

use cnn_core::files;

use super::{Format, HEAD, Image, Kind, decode};
use crate::budget::DECODING;

/// The last bytes of a png: its last chunk, which is empty.
const PNG_END: &[u8] = b"\0\0\0\0IEND\xae\x42\x60\x82";

/// The last bytes of a jpeg.
const JPEG_END: &[u8] = &[0xff, 0xd9];

/// The last byte of a gif.
const GIF_END: &[u8] = b";";

/// Looks whether a file is a whole image: a few bytes of it are read where these show that it is,
/// and otherwise it is decoded. Damage within a whole file is not found.
///
/// # Errors
///
/// As [`decode`].
pub(crate) fn check(path: &Path) -> cnn_core::Result<()> {
    match files::open_regular(path).and_then(looks_whole) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => decode(path, &mut Image::within(&DECODING)),
    }
}

/// True if the first and the last bytes of a file are those of a whole image.
fn looks_whole(mut file: File) -> Result<bool> {
    let length = file.metadata()?.len();
    let mut head = [0; HEAD];
    let mut end = [0; PNG_END.len()];
    if length < (HEAD + PNG_END.len()) as u64 {
        return Ok(false);
    }
    file.read_exact(&mut head)?;
    file.seek(SeekFrom::End(-(end.len() as i64)))?;
    file.read_exact(&mut end)?;
    Ok(match Kind::of(&head) {
        Kind::Image(Format::Png) => end == PNG_END,
        Kind::Image(Format::Jpeg) => end.ends_with(JPEG_END),
        Kind::Image(Format::Gif) => end.ends_with(GIF_END),
        // Their heads state how long the file is; an odd webp has a byte more.
        Kind::Image(Format::Bmp) => number(&head, 2) == length,
        Kind::Image(Format::WebP) => number(&head, 4).next_multiple_of(2) + 8 == length.next_multiple_of(2),
        _ => false,
    })
}

/// A number of four bytes, the lowest first.
fn number(head: &[u8; HEAD], at: usize) -> u64 {
    u32::from_le_bytes([0, 1, 2, 3].map(|nth| head[at + nth])).into()
}
