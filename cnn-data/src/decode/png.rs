//! The decoder of png files.

use std::io::Cursor;

use png::{BitDepth, DecodingError, Limits, Reader, Transformations};

use super::{
    Decoder, MOST_BYTES,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes for a pixel beside the samples: rows are decoded one by one.
const WORKING: u64 = 0;

/// A png file whose header is read.
pub(super) struct Png<'a>(Reader<Cursor<&'a [u8]>>);

impl Png<'_> {
    /// Reads the header of a file. What says neither pixels nor their orientation is passed over.
    pub(super) fn new(bytes: &[u8]) -> Result<Png<'_>, String> {
        let limits = Limits { bytes: MOST_BYTES as usize };
        let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        // A palette becomes colours, and samples of fewer than 8 bits become 8.
        decoder.set_transformations(Transformations::EXPAND);
        Ok(Png(decoder.read_info().map_err(reason)?))
    }
}

impl Decoder for Png<'_> {
    fn header(&self) -> Result<Header, String> {
        let (width, height) = self.0.info().size();
        let (color, depth) = self.0.output_color_type();
        let color = Color::new(color.samples(), depth == BitDepth::Sixteen);
        Header::new([height as usize, width as usize], color, WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        let exif = self.0.info().exif_metadata.as_deref();
        Ok(exif.map_or_else(Orientation::default, Orientation::of_block))
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        self.0.next_frame(samples).map(drop).map_err(reason)
    }
}

fn reason(error: DecodingError) -> String {
    match error {
        DecodingError::LimitsExceeded => format!("too large: {error}"),
        error => format!("damaged: {error}"),
    }
}
