//! What a file announces of its image, and the memory that decoding it takes.

use image::{ColorType, ImageDecoder, ImageFormat};

/// Pixels of the largest image: more than cameras take, far less than what a bomb unfolds to.
const MOST_PIXELS: u64 = 1 << 27;

/// Bytes of the values of a pixel: three channels of f32, which a grey image may become too.
const VALUES: u64 = 12;

/// Size and samples of an image.
pub(super) struct Header {
    /// `[height, width]` as stored, before the image is turned.
    pub(super) size: [usize; 2],
    pub(super) color: Color,
    format: ImageFormat,
}

/// The samples of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Color {
    /// Samples that a pixel has in the file, transparency included.
    pub(super) stored: usize,
    /// Samples that count: 1 or 3.
    pub(super) channels: usize,
    /// A sample is two bytes in the machine's order; otherwise one.
    pub(super) is_wide: bool,
}

impl Color {
    fn of(color: ColorType) -> Option<Color> {
        let color_of = |stored, channels, is_wide| Some(Color { stored, channels, is_wide });
        match color {
            ColorType::L8 => color_of(1, 1, false),
            ColorType::La8 => color_of(2, 1, false),
            ColorType::Rgb8 => color_of(3, 3, false),
            ColorType::Rgba8 => color_of(4, 3, false),
            ColorType::L16 => color_of(1, 1, true),
            ColorType::La16 => color_of(2, 1, true),
            ColorType::Rgb16 => color_of(3, 3, true),
            ColorType::Rgba16 => color_of(4, 3, true),
            // Neither png, jpeg nor webp has pixels of floats.
            _ => None,
        }
    }

    fn bytes(self) -> u64 {
        self.stored as u64 * if self.is_wide { 2 } else { 1 }
    }
}

impl Header {
    /// The header that a decoder has read, unless it announces too many pixels.
    pub(super) fn of(format: ImageFormat, decoder: &impl ImageDecoder) -> Result<Header, String> {
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(format!("{width}x{height} pixels are more than the {MOST_PIXELS} allowed"));
        }
        let color = decoder.color_type();
        let color = Color::of(color).ok_or_else(|| format!("not supported: pixels of {color:?}"))?;
        Ok(Header { size: [height as usize, width as usize], color, format })
    }

    /// Bytes that decoding takes beside those of the file, at most: the samples, what the decoder
    /// works with, and the values.
    pub(super) fn memory(&self) -> u64 {
        self.pixels() * (self.color.bytes() + VALUES) + self.working_memory()
    }

    /// Bytes that a decoder works with beside its output, at most: a progressive jpeg has two for
    /// the coefficient of each of three planes, a webp its pixels once more.
    pub(super) fn working_memory(&self) -> u64 {
        self.pixels()
            * match self.format {
                ImageFormat::Jpeg => 6,
                ImageFormat::WebP => 4,
                _ => 0,
            }
    }

    fn pixels(&self) -> u64 {
        self.size.iter().map(|&side| side as u64).product()
    }
}
