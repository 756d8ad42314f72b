//! The decoder of webp files.

use std::io::Cursor;

use image_webp::{DecodingError, WebPDecoder};

use super::{
    Decoder,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes for a pixel beside the samples: it is decoded with its transparency first.
const WORKING: u64 = 4;

/// A webp file whose header is read.
pub(super) struct WebP<'a>(WebPDecoder<Cursor<&'a [u8]>>);

impl WebP<'_> {
    /// Reads the header of a file.
    pub(super) fn new(bytes: &[u8]) -> Result<WebP<'_>, String> {
        let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(reason)?;
        // The limit is one of blocks beside the pixels, which are parts of the file.
        decoder.set_memory_limit(bytes.len());
        Ok(WebP(decoder))
    }
}

impl Decoder for WebP<'_> {
    fn header(&self) -> Result<Header, String> {
        let (width, height) = self.0.dimensions();
        let samples = if self.0.has_alpha() { 4 } else { 3 };
        Header::new([height as usize, width as usize], Color::new(samples, false), WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        let exif = self.0.exif_metadata().map_err(reason)?;
        Ok(exif.map_or_else(Orientation::default, |block| Orientation::of_block(&block)))
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        self.0.read_image(samples).map_err(reason)
    }
}

fn reason(error: DecodingError) -> String {
    match error {
        DecodingError::UnsupportedFeature(feature) => format!("not supported: {feature}"),
        DecodingError::ImageTooLarge => format!("too large: {error}"),
        DecodingError::MemoryLimitExceeded => "damaged: a block is longer than the file".into(),
        error => format!("damaged: {error}"),
    }
}
