//! The decoder of Netpbm's files: bitmaps, grey maps and pixel maps, as text (P1 to P3) and as bytes
//! (P4 to P6), by the pages of their formats at netpbm.sourceforge.net.
//!
//! (The library `zune-ppm` takes the first pixels for more white space where they look like it.)

use super::{
    Decoder,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes for a pixel beside the samples: those of the file are read where they are.
const WORKING: u64 = 0;

/// A file whose header is read.
pub(super) struct Pnm<'a> {
    raster: &'a [u8],
    /// `[height, width]`.
    size: [usize; 2],
    channels: usize,
    /// The sample that is white; of a bitmap 1 is black.
    most: u32,
    is_bitmap: bool,
    is_text: bool,
}

impl Pnm<'_> {
    /// Reads the header of a file.
    pub(super) fn new(bytes: &[u8]) -> Result<Pnm<'_>, String> {
        let digit = bytes.get(1).copied().unwrap_or_default();
        let is_bitmap = matches!(digit, b'1' | b'4');
        let mut rest = bytes.get(2..).unwrap_or_default();
        let mut next =
            |what: &str| number(&mut rest).ok_or_else(|| format!("damaged: its header has no {what}"));
        let (width, height) = (next("width")?, next("height")?);
        let most = if is_bitmap { 1 } else { next("largest sample")? };
        if !(1..=0xffff).contains(&most) {
            return Err(format!("damaged: its largest sample is {most}, expected 1 to 65535"));
        }
        Ok(Pnm {
            // One byte of white space follows the last number.
            raster: rest.get(1..).unwrap_or_default(),
            size: [height as usize, width as usize],
            channels: if matches!(digit, b'3' | b'6') { 3 } else { 1 },
            most,
            is_bitmap,
            is_text: digit < b'4',
        })
    }

    fn is_wide(&self) -> bool {
        self.most > 0xff
    }

    /// The next sample of the raster, counted from 0 within its row.
    fn sample(&self, rest: &mut &[u8], nth: usize) -> Option<u32> {
        match (self.is_bitmap, self.is_text) {
            // Digits of a bitmap need no space between them.
            (true, true) => {
                *rest = behind_space(rest);
                let (digit, behind) = rest.split_first()?;
                *rest = behind;
                matches!(digit, b'0' | b'1').then(|| u32::from(*digit == b'0'))
            }
            (false, true) => number(rest),
            (true, false) => {
                let byte = rest.first()?;
                let bit = byte >> (7 - nth % 8) & 1;
                if nth % 8 == 7 || nth + 1 == self.size[1] {
                    *rest = &rest[1..];
                }
                Some(u32::from(bit == 0))
            }
            (false, false) if self.is_wide() => {
                let (bytes, behind) = rest.split_first_chunk()?;
                *rest = behind;
                Some(u16::from_be_bytes(*bytes).into())
            }
            (false, false) => {
                let (byte, behind) = rest.split_first()?;
                *rest = behind;
                Some((*byte).into())
            }
        }
    }
}

impl Decoder for Pnm<'_> {
    fn header(&self) -> Result<Header, String> {
        Header::new(self.size, Color::new(self.channels, self.is_wide()), WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        Ok(Orientation::default())
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        let (bytes, white) = if self.is_wide() { (2, 0xffff) } else { (1, 0xff) };
        let (mut rest, row) = (self.raster, self.size[1] * self.channels);
        for (nth, to) in samples.chunks_exact_mut(bytes).enumerate() {
            let sample = self.sample(&mut rest, nth % row).ok_or("damaged: it ends before its last pixel")?;
            if sample > self.most {
                return Err(format!("damaged: a sample of {sample}, and its largest is {}", self.most));
            }
            let scaled = (sample * white + self.most / 2) / self.most;
            to.copy_from_slice(&scaled.to_be_bytes()[4 - bytes..]);
        }
        Ok(())
    }
}

/// What follows white space and comments, which go from a `#` to the end of the line.
fn behind_space(mut bytes: &[u8]) -> &[u8] {
    loop {
        match bytes {
            [b'#', ..] => {
                let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
                bytes = &bytes[end..];
            }
            [space, rest @ ..] if space.is_ascii_whitespace() => bytes = rest,
            _ => return bytes,
        }
    }
}

/// Takes the next decimal number of fewer than ten digits.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let bytes = behind_space(rest);
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, behind) = bytes.split_at(digits);
    *rest = behind;
    (1..10).contains(&digits).then(|| number.iter().fold(0, |sum, digit| 10 * sum + u32::from(digit - b'0')))
}
