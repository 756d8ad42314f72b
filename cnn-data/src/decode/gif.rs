//! The decoder of gif files: of an animation the first picture.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::{
    Decoder, MOST_BYTES,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes of a pixel: three colours and transparency.
const PIXEL: usize = 4;

/// Bytes for a pixel beside the samples: the picture itself, before it is put on its canvas.
const WORKING: u64 = PIXEL as u64;

/// A gif file whose header is read.
pub(super) struct Gif<'a>(gif::Decoder<Cursor<&'a [u8]>>);

impl Gif<'_> {
    /// Reads the header of a file.
    pub(super) fn new(bytes: &[u8]) -> Result<Gif<'_>, String> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        options.set_memory_limit(MemoryLimit::Bytes(MOST_BYTES.try_into().expect("not 0")));
        options.read_info(Cursor::new(bytes)).map(Gif).map_err(reason)
    }
}

impl Decoder for Gif<'_> {
    fn header(&self) -> Result<Header, String> {
        let size = [self.0.height(), self.0.width()].map(usize::from);
        Header::new(size, Color::new(PIXEL, false), WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        Ok(Orientation::default())
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        let row = usize::from(self.0.width()) * PIXEL;
        let frame = self.0.read_next_frame().map_err(reason)?.ok_or("damaged: it holds no picture")?;
        let [left, width] = [frame.left, frame.width].map(|pixels| usize::from(pixels) * PIXEL);
        // A picture may lie in a part of its canvas; what lies beyond is cut off.
        let kept = width.min(row.saturating_sub(left));
        if kept == 0 {
            return Ok(());
        }
        let rows = samples.chunks_exact_mut(row).skip(frame.top.into());
        for (to, from) in rows.zip(frame.buffer.chunks_exact(width)) {
            to[left..left + kept].copy_from_slice(&from[..kept]);
        }
        Ok(())
    }
}

fn reason(error: DecodingError) -> String {
    format!("damaged: {error}")
}
