//! The decoder of jpeg files.

use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};
use zune_jpeg::{JpegDecoder, errors::DecodeErrors};

use super::{
    Decoder,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes for a pixel beside the samples: a progressive file has two for the coefficient of each of
/// three planes.
const WORKING: u64 = 6;

/// A jpeg file whose header is read.
pub(super) struct Jpeg<'a>(JpegDecoder<ZCursor<&'a [u8]>>);

impl Jpeg<'_> {
    /// Reads the header of a file, which is to be whole.
    pub(super) fn new(bytes: &[u8]) -> Result<Jpeg<'_>, String> {
        let options = DecoderOptions::default()
            .set_strict_mode(false)
            .set_max_width(usize::MAX)
            .set_max_height(usize::MAX);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(reason)?;
        if !is_whole(bytes) {
            return Err("truncated: the jpeg has no end".into());
        }
        let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
        let color = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
        decoder.set_options(options.jpeg_set_out_colorspace(color));
        Ok(Jpeg(decoder))
    }
}

impl Decoder for Jpeg<'_> {
    fn header(&self) -> Result<Header, String> {
        let (width, height) = self.0.dimensions().unwrap_or_default();
        let samples = self.0.options().jpeg_get_out_colorspace().num_components();
        Header::new([height, width], Color::new(samples, false), WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        Ok(self.0.exif().map_or_else(Orientation::default, |block| Orientation::of_block(block)))
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        self.0.decode_into(samples).map_err(reason)
    }
}

fn reason(error: DecodeErrors) -> String {
    match error {
        DecodeErrors::Unsupported(scheme) => format!("not supported: {scheme:?}"),
        error => format!("damaged: {}", error.to_string().trim_end()),
    }
}

/// Zeros that may stand where the end marker should.
const ZEROS: usize = 64;

/// True if an end marker follows the start of the first scan, or zeros in its place: the decoder
/// would paint over what is missing. Bytes between segments are passed over, as libjpeg does.
/// (Within a scan, `ff` stands before `00` or a marker.)
fn is_whole(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    let mut at = 2;
    while let Some(next) = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0xff)) {
        at += next;
        let Some(&[_, marker, high, low]) = bytes.get(at..at + 4) else { return false };
        at += match marker {
            START_OF_SCAN => return ends(&bytes[at..]),
            // Fill bytes, and what is no marker.
            0xff => 1,
            0 => 2,
            _ => 2 + usize::from(u16::from_be_bytes([high, low])),
        };
    }
    false
}

/// Whether scans come to an end.
fn ends(scans: &[u8]) -> bool {
    let zeros = scans.iter().rev().take_while(|&&byte| byte == 0).count();
    scans.windows(2).any(|pair| pair == [0xff, 0xd9]) || (2..=ZEROS).contains(&zeros)
}
