//! Decoded samples, pixel by pixel, and their way into a planar image that stands upright.

use super::{header::Color, no_memory, orientation::Orientation};
use crate::Image;

/// Samples as a decoder leaves them.
pub(super) struct Pixels {
    pub(super) samples: Vec<u8>,
    /// `[height, width]` before the image is turned.
    pub(super) size: [usize; 2],
    pub(super) color: Color,
    pub(super) orientation: Orientation,
}

/// Where the pixels of an upright image are stored: from its first pixel on, one pixel to the right
/// and one row down are so many stored pixels away.
struct Walk {
    /// `[height, width]` of the upright image.
    size: [usize; 2],
    first: usize,
    right: isize,
    down: isize,
}

impl Walk {
    fn new(orientation: Orientation, [height, width]: [usize; 2]) -> Walk {
        let Orientation { flips_rows, flips_columns, transposes } = orientation;
        let (first_row, to_next_row) =
            if flips_rows { ((height - 1) * width, -(width as isize)) } else { (0, width as isize) };
        let (first_column, to_next_column) = if flips_columns { (width - 1, -1) } else { (0, 1) };
        let first = first_row + first_column;
        if transposes {
            Walk { size: [width, height], first, right: to_next_row, down: to_next_column }
        } else {
            Walk { size: [height, width], first, right: to_next_column, down: to_next_row }
        }
    }

    /// The stored pixel of an upright one.
    fn at(&self, row: usize, column: usize) -> usize {
        (self.first as isize + row as isize * self.down + column as isize * self.right) as usize
    }
}

impl Pixels {
    /// Writes the values of an image; the error says that there is no memory for them.
    pub(super) fn write(&self, image: &mut Image) -> Result<(), String> {
        if self.color.is_wide {
            let sample = |bytes: [u8; 2]| f32::from(u16::from_be_bytes(bytes)) / 257.0;
            self.write_samples(self.samples.as_chunks().0, image, sample)
        } else {
            self.write_samples(&self.samples, image, f32::from)
        }
    }

    fn write_samples<T: Copy>(
        &self,
        samples: &[T],
        image: &mut Image,
        value: fn(T) -> f32,
    ) -> Result<(), String> {
        let Color { stored, channels, .. } = self.color;
        if self.size.contains(&0) {
            return Err("damaged: it has no pixels".into());
        }
        let walk = Walk::new(self.orientation, self.size);
        let [height, width] = walk.size;
        let values = image.resize([channels, height, width]).map_err(no_memory)?;
        for (channel, plane) in values.chunks_exact_mut(height * width).enumerate() {
            for (row, to) in plane.chunks_exact_mut(width).enumerate() {
                if walk.right == 1 {
                    let from = samples[walk.at(row, 0) * stored..].chunks_exact(stored);
                    to.iter_mut().zip(from).for_each(|(to, pixel)| *to = value(pixel[channel]));
                } else {
                    let from = (0..width).map(|column| samples[walk.at(row, column) * stored + channel]);
                    to.iter_mut().zip(from).for_each(|(to, sample)| *to = value(sample));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage, Luma, metadata};

    use super::*;

    #[test]
    fn images_are_turned_as_the_library_turns_them() {
        let color = Color { stored: 1, channels: 1, is_wide: false };
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif.into()).unwrap();
            for (width, height) in [(4, 3), (1, 5), (6, 1), (1, 1)] {
                let stored = GrayImage::from_fn(width, height, |x, y| Luma([(10 * y + x) as u8]));
                let pixels = Pixels {
                    samples: stored.as_raw().clone(),
                    size: [height as usize, width as usize],
                    color,
                    orientation,
                };
                let mut upright = Image::default();
                pixels.write(&mut upright).unwrap();
                let mut expected = DynamicImage::from(stored);
                expected.apply_orientation(metadata::Orientation::from_exif(exif).unwrap());
                let size = [expected.height() as usize, expected.width() as usize];
                assert_eq!(upright.size(), size, "{orientation:?}");
                let bytes: Vec<u8> = upright.values().iter().map(|&value| value as u8).collect();
                assert_eq!(bytes, expected.as_bytes(), "{orientation:?}");
            }
        }
    }
}
