//! Pictures in colour and their PNG files.

use std::io;

use png::{BitDepth, ColorType, Compression, Encoder};

/// The bytes of red, green and blue.
pub(super) type Color = [u8; 3];

/// Pixels from left to right and from top to bottom.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pixels: Vec<Color>,
}

impl Picture {
    /// A picture of one colour.
    pub(super) fn filled(width: usize, height: usize, color: Color) -> Picture {
        Picture { width, height, pixels: vec![color; width * height] }
    }

    /// A picture of a colour for every row and column.
    pub(super) fn from_fn(
        width: usize,
        height: usize,
        mut color: impl FnMut(usize, usize) -> Color,
    ) -> Picture {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Picture { width, height, pixels: places.map(|(x, y)| color(x, y)).collect() }
    }

    #[cfg(test)]
    pub(super) fn pixel(&self, x: usize, y: usize) -> Color {
        self.pixels[y * self.width + x]
    }

    /// Lays a colour over a pixel, of which that share is covered; outside of the picture nothing
    /// happens.
    pub(super) fn blend(&mut self, x: usize, y: usize, color: Color, share: f32) {
        if x < self.width && y < self.height {
            let pixel = &mut self.pixels[y * self.width + x];
            for (below, above) in pixel.iter_mut().zip(color) {
                let mixed =
                    f32::from(*below) + (f32::from(above) - f32::from(*below)) * share.clamp(0.0, 1.0);
                *below = mixed.round() as u8;
            }
        }
    }

    /// Draws another picture with its top left at `(x, y)`, each of its pixels as a square.
    pub(super) fn paste(&mut self, other: &Picture, [x, y]: [usize; 2], zoom: usize) {
        for row in 0..other.height * zoom {
            let from = &other.pixels[row / zoom * other.width..][..other.width];
            let to = &mut self.pixels[(y + row) * self.width + x..][..other.width * zoom];
            for (square, &color) in to.chunks_exact_mut(zoom).zip(from) {
                square.fill(color);
            }
        }
    }

    /// The bytes of a PNG file.
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let [width, height] = [self.width, self.height].map(u32::try_from);
        let side = |_| io::Error::other("too many pixels in a row or column");
        let mut encoder = Encoder::new(&mut bytes, width.map_err(side)?, height.map_err(side)?);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_enlarged_where_they_are_pasted() {
        let small = Picture::from_fn(3, 2, |x, y| [x as u8, y as u8, 7]);
        let mut large = Picture::filled(9, 7, [255; 3]);
        large.paste(&small, [2, 1], 2);
        for (x, y) in (0..7).flat_map(|y| (0..9).map(move |x| (x, y))) {
            let is_inside = (2..8).contains(&x) && (1..5).contains(&y);
            let expected = if is_inside { small.pixel((x - 2) / 2, (y - 1) / 2) } else { [255; 3] };
            assert_eq!(large.pixel(x, y), expected, "{x}, {y}");
        }
    }

    #[test]
    fn files_hold_the_pixels() {
        let mut picture = Picture::from_fn(5, 4, |x, y| [40 * x as u8, 50 * y as u8, 9]);
        picture.blend(4, 3, [1, 2, 3], 1.0);
        picture.blend(5, 4, [1, 2, 3], 1.0);
        assert_eq!(picture.pixel(4, 3), [1, 2, 3]);
        let decoded = image::load_from_memory(&picture.encode().unwrap()).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (5, 4));
        assert_eq!(decoded.into_rgb8().as_raw(), picture.pixels.as_flattened());
    }
}
