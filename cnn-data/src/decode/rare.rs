//! The decoder of rare formats (tiff, pam, ico, qoi, dds, hdr, exr, farbfeld), by the library `image`.

use std::io::Cursor;

use image::{ColorType, DynamicImage, ImageDecoder, ImageReader};

use super::{
    Decoder,
    header::{Color, Header},
    orientation::Orientation,
};

/// Bytes for a pixel beside the samples: the image as the library holds it, and a copy of it with
/// whole numbers.
const WORKING: u64 = 24;

/// A file whose header is read.
pub(super) struct Rare<'a>(Option<Box<dyn ImageDecoder + 'a>>, Color);

impl Rare<'_> {
    /// Reads the header of a file.
    pub(super) fn new(bytes: &[u8]) -> Result<Rare<'_>, String> {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let decoder = reader.map_err(|error| error.to_string())?.into_decoder().map_err(reason)?;
        let color = match decoder.color_type() {
            ColorType::L8 => Color::new(1, false),
            ColorType::La8 => Color::new(2, false),
            ColorType::Rgb8 => Color::new(3, false),
            ColorType::Rgba8 => Color::new(4, false),
            ColorType::L16 => Color::new(1, true),
            ColorType::La16 => Color::new(2, true),
            // Numbers beyond white and below black are cut off.
            _ => Color::new(3, true),
        };
        Ok(Rare(Some(Box::new(decoder)), color))
    }
}

impl Decoder for Rare<'_> {
    fn header(&self) -> Result<Header, String> {
        let (width, height) = self.0.as_ref().map_or((0, 0), |decoder| decoder.dimensions());
        Header::new([height as usize, width as usize], self.1, WORKING)
    }

    fn orientation(&mut self) -> Result<Orientation, String> {
        let decoder = self.0.as_mut().ok_or("read twice")?;
        let orientation = decoder.orientation().map_err(reason)?;
        Ok(Orientation::from_exif(orientation.to_exif().into()).unwrap_or_default())
    }

    fn read(&mut self, samples: &mut [u8]) -> Result<(), String> {
        let decoder = self.0.take().ok_or("read twice")?;
        let image = DynamicImage::from_decoder(decoder).map_err(reason)?;
        let wide = |values: Vec<u16>| values.into_iter().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        let bytes = match (self.1.stored, self.1.is_wide) {
            (_, false) => image.into_bytes(),
            (1, true) => wide(image.into_luma16().into_raw()),
            (2, true) => wide(image.into_luma_alpha16().into_raw()),
            (_, true) => wide(image.into_rgb16().into_raw()),
        };
        if bytes.len() != samples.len() {
            return Err("damaged: it holds another number of pixels than it says".into());
        }
        samples.copy_from_slice(&bytes);
        Ok(())
    }
}

fn reason(error: image::ImageError) -> String {
    match error {
        image::ImageError::Unsupported(error) => format!("not supported: {error}"),
        error => format!("damaged: {error}"),
    }
}
