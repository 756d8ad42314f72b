//! The decoder of bmp files without compression: 1, 2, 4 or 8 bits that choose a colour of a table,
//! and 16, 24 or 32 that are one, with the headers of OS/2 and of every version of Windows
//! (Microsoft's documentation of `BITMAPV5HEADER`).
//!
//! (The library `zune-bmp` shifts the rows of some files of 16 bits.)

use super::{
    Decoder,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes for a pixel beside the samples: those of the file are read where they are.
const WORKING: u64 = 0;

/// Bytes before the header that says how large the image is.
const FILE_HEADER: usize = 14;

/// Bytes of OS/2's header, whose numbers are shorter.
const SHORT_HEADER: usize = 12;

/// Bytes of the header of the first Windows version that has masks, which are part of later ones.
const WINDOWS_HEADER: usize = 40;

/// How pixels are stored: as they are, or in the bits of masks.
const PLAIN: u32 = 0;
const MASKS: u32 = 3;
const MASKS_AND_ALPHA: u32 = 6;

/// A file whose header is read.
pub(super) struct Bmp<'a> {
    /// Pixels, from the row that is stored first.
    rows: &'a [u8],
    /// `[height, width]`.
    size: [usize; 2],
    /// The row at the top is the first that is stored.
    is_top_down: bool,
    bits: usize,
    form: Form,
}

/// What the bits of a pixel are.
enum Form {
    /// The place of a colour in a table.
    Table(Vec<[u8; 3]>),
    /// Red, green and blue, in the bits of these masks.
    Masks([u32; 3]),
}

impl Bmp<'_> {
    /// Reads the header of a file.
    pub(super) fn new(bytes: &[u8]) -> Result<Bmp<'_>, String> {
        Bmp::read_header(bytes)
            .ok_or("damaged: it ends within its header")?
            .map_err(|message| format!("not supported: {message}"))
    }

    /// Nothing if the file ends within its header.
    fn read_header(bytes: &[u8]) -> Option<Result<Bmp<'_>, String>> {
        let header = long(bytes, FILE_HEADER)? as usize;
        let is_short = header == SHORT_HEADER;
        if !is_short && header < WINDOWS_HEADER {
            return Some(Err(format!("a bmp with a header of {header} bytes")));
        }
        let [width, height] = if is_short {
            [short(bytes, 18)?.into(), short(bytes, 20)?.into()]
        } else {
            [long(bytes, 18)? as i32, long(bytes, 22)? as i32]
        };
        let bits = usize::from(short(bytes, if is_short { 24 } else { 28 })?);
        let compression = if is_short { PLAIN } else { long(bytes, 30)? };
        let pixels = bytes.get(long(bytes, 10)? as usize..)?;
        let behind = FILE_HEADER + header;
        let masks = |at: usize| Some([long(bytes, at)?, long(bytes, at + 4)?, long(bytes, at + 8)?]);
        let form = match (bits, compression) {
            (1 | 2 | 4 | 8, PLAIN) => {
                // Colours of three bytes, or of four of which the last is unused.
                let entry = if is_short { 3 } else { 4 };
                let end = (long(bytes, 10)? as usize).min(behind + (entry << bits));
                let table = bytes.get(behind..end)?.chunks_exact(entry);
                Form::Table(table.map(|color| [color[2], color[1], color[0]]).collect())
            }
            (16, PLAIN) => Form::Masks([0x7c00, 0x03e0, 0x001f]),
            (24 | 32, PLAIN) => Form::Masks([0xff_0000, 0xff00, 0xff]),
            (16 | 32, MASKS | MASKS_AND_ALPHA) => Form::Masks(masks(FILE_HEADER + WINDOWS_HEADER)?),
            (_, PLAIN) => return Some(Err(format!("a bmp of {bits} bits a pixel"))),
            _ => return Some(Err("a compressed bmp; convert it to png".into())),
        };
        let size = [height.unsigned_abs() as usize, usize::try_from(width).unwrap_or(0)];
        Some(Ok(Bmp { rows: pixels, size, is_top_down: height < 0, bits, form }))
    }

    /// The bytes of a stored row: whole words of four.
    fn row_len(&self) -> usize {
        (self.size[1] * self.bits).div_ceil(32) * 4
    }

    /// Writes the colours of a stored row.
    fn read_row(&self, row: &[u8], colors: &mut [u8]) -> Result<(), String> {
        for (nth, to) in colors.as_chunks_mut().0.iter_mut().enumerate() {
            let bit = nth * self.bits;
            *to = match &self.form {
                Form::Table(table) => {
                    let index = row[bit / 8] >> (8 - self.bits - bit % 8) & (0xff >> (8 - self.bits));
                    let color = table.get(usize::from(index));
                    *color.ok_or_else(|| format!("damaged: colour {index} is none of {}", table.len()))?
                }
                Form::Masks(masks) => {
                    let mut pixel = [0; 4];
                    pixel[..self.bits / 8].copy_from_slice(&row[bit / 8..][..self.bits / 8]);
                    masks.map(|mask| scaled(u32::from_le_bytes(pixel), mask))
                }
            };
        }
        Ok(())
    }
}

impl Decoder for Bmp<'_> {
    fn header(&self) -> Result<Header, String> {
        Header::new(self.size, Color::new(3, false), WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        Ok(Orientation { flips_rows: !self.is_top_down, ..Orientation::default() })
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        let (length, [height, width]) = (self.row_len(), self.size);
        // The last row may lack the bytes that fill its word.
        let last = (height - 1) * length + (width * self.bits).div_ceil(8);
        if self.rows.len() < last {
            return Err("damaged: it ends before its last pixel".into());
        }
        let rows = self.rows.chunks(length);
        rows.zip(samples.chunks_exact_mut(3 * width)).try_for_each(|(row, to)| self.read_row(row, to))
    }
}

/// The bits of a mask as a byte.
fn scaled(pixel: u32, mask: u32) -> u8 {
    let most = u64::from(mask.checked_shr(mask.trailing_zeros()).unwrap_or(0));
    let value = u64::from((pixel & mask).checked_shr(mask.trailing_zeros()).unwrap_or(0));
    (value * 255 + most / 2).checked_div(most).map_or(0, |byte| byte as u8)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}
