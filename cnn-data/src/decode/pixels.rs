//! Decoded samples, pixel by pixel, and their way into planar values of an image that stands
//! upright.

use std::ops::Range;

use super::{header::Color, orientation::Orientation};

/// Columns that are written together where stored columns become rows: a cache line of values.
const TILE: usize = 16;

/// Samples as a decoder leaves them, of at least one pixel.
#[derive(Clone, Debug)]
pub(crate) struct Pixels {
    samples: Vec<u8>,
    color: Color,
    walk: Walk,
}

/// Where the pixels of an upright image are stored: from its first pixel on, one pixel to the right
/// and one row down are so many stored pixels away.
#[derive(Clone, Copy, Debug)]
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
    /// The samples of an image that is stored as `[height, width]`, neither of them 0.
    pub(super) fn new(samples: Vec<u8>, size: [usize; 2], color: Color, orientation: Orientation) -> Pixels {
        Pixels { samples, color, walk: Walk::new(orientation, size) }
    }

    /// The shape `[C, H, W]` of the upright image.
    pub(crate) fn shape(&self) -> [usize; 3] {
        let [height, width] = self.walk.size;
        [self.color.channels, height, width]
    }

    /// Writes the values of some rows of the upright image, planar.
    pub(crate) fn write(&self, rows: Range<usize>, values: &mut [f32]) {
        let Color { stored, is_wide, .. } = self.color;
        let wide = |bytes: [u8; 2]| f32::from(u16::from_be_bytes(bytes)) / 257.0;
        match (stored, is_wide) {
            (1, false) => self.write_pixels(self.samples.as_chunks::<1>().0, rows, values, f32::from),
            (2, false) => self.write_pixels(self.samples.as_chunks::<2>().0, rows, values, f32::from),
            (3, false) => self.write_pixels(self.samples.as_chunks::<3>().0, rows, values, f32::from),
            (_, false) => self.write_pixels(self.samples.as_chunks::<4>().0, rows, values, f32::from),
            (1, true) => self.write_pixels(self.samples.as_chunks().0.as_chunks::<1>().0, rows, values, wide),
            (2, true) => self.write_pixels(self.samples.as_chunks().0.as_chunks::<2>().0, rows, values, wide),
            (3, true) => self.write_pixels(self.samples.as_chunks().0.as_chunks::<3>().0, rows, values, wide),
            (_, true) => self.write_pixels(self.samples.as_chunks().0.as_chunks::<4>().0, rows, values, wide),
        }
    }

    fn write_pixels<T: Copy, const STORED: usize>(
        &self,
        pixels: &[[T; STORED]],
        rows: Range<usize>,
        values: &mut [f32],
        value: impl Fn(T) -> f32,
    ) {
        let width = self.walk.size[1];
        for (channel, plane) in values.chunks_exact_mut(rows.len() * width).enumerate() {
            if self.walk.right == 1 {
                for (row, to) in rows.clone().zip(plane.chunks_exact_mut(width)) {
                    let from = &pixels[self.walk.at(row, 0)..];
                    to.iter_mut().zip(from).for_each(|(to, pixel)| *to = value(pixel[channel]));
                }
                continue;
            }
            for left in (0..width).step_by(TILE) {
                for (row, to) in rows.clone().zip(plane.chunks_exact_mut(width)) {
                    for (column, to) in (left..width).zip(&mut to[left..]).take(TILE) {
                        *to = value(pixels[self.walk.at(row, column)][channel]);
                    }
                }
            }
        }
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
            for (width, height) in [(4, 3), (1, 5), (6, 1), (1, 1), (3, 40)] {
                let stored = GrayImage::from_fn(width, height, |x, y| Luma([(10 * y + x) as u8]));
                let size = [height as usize, width as usize];
                let pixels = Pixels::new(stored.as_raw().clone(), size, color, orientation);
                let mut expected = DynamicImage::from(stored);
                expected.apply_orientation(metadata::Orientation::from_exif(exif).unwrap());
                let [height, width] = [expected.height() as usize, expected.width() as usize];
                assert_eq!(pixels.shape(), [1, height, width], "{orientation:?}");
                for rows in [0..height, height / 2..height] {
                    let mut values = vec![0.0; rows.len() * width];
                    pixels.write(rows.clone(), &mut values);
                    let bytes: Vec<u8> = values.iter().map(|&value| value as u8).collect();
                    assert_eq!(bytes, expected.as_bytes()[rows.start * width..], "{orientation:?}");
                }
            }
        }
    }
}
