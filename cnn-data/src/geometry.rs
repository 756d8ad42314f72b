//! Sizes of images and regions of them: resampling, and windows that may reach beyond the edges.

use std::ops::Range;

use cnn_core::{Error, Result};
use fast_image_resize::{
    FilterType, ResizeAlg, ResizeOptions, Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::F32,
};

use super::Image;

/// A region of an image, in pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region {
    pub(super) top: f64,
    pub(super) left: f64,
    pub(super) height: f64,
    pub(super) width: f64,
}

impl Region {
    /// The largest region in the middle of an image that has the proportions of `size`.
    fn middle([height, width]: [usize; 2], size: [usize; 2]) -> Region {
        let [height, width] = [height as f64, width as f64];
        let scale = (height / size[0] as f64).min(width / size[1] as f64);
        let part = [(size[0] as f64 * scale).min(height), (size[1] as f64 * scale).min(width)];
        Region {
            top: (height - part[0]) / 2.0,
            left: (width - part[1]) / 2.0,
            height: part[0],
            width: part[1],
        }
    }

    /// The rows of an image that matter if the region gets another height: the filter of the first
    /// and of the last row of the result reaches beyond the region.
    fn rows(&self, stored: usize, height: usize) -> Range<usize> {
        let scale = self.height / height as f64;
        let beyond = scale.max(1.0) - scale / 2.0;
        let end = (self.top + self.height + beyond).ceil() as usize;
        (self.top - beyond).max(0.0) as usize..end.min(stored)
    }
}

/// Resamples a region to `[height, width]`: bilinear, with the filter as wide as the pixels of the
/// result (antialiased), as in PIL and torchvision. The width changes first, strip by strip.
pub(super) fn resize(image: &mut Image, region: Region, [height, width]: [usize; 2]) -> Result<()> {
    let [channels, stored_height, stored_width] = image.shape();
    let sides = [stored_height, stored_width, height, width];
    if let Some(side) = sides.into_iter().find(|&side| u32::try_from(side).is_err()) {
        return Err(Error::Usage(format!(
            "an image with a side of {side} pixels cannot be resized: too long"
        )));
    }
    let mut resizer = Resizer::new();
    let rows = region.rows(stored_height, height);
    let mut narrowed = Image::new([channels, rows.len(), width])?;
    image.for_each_strip(rows.clone(), |strip| {
        let part = Region { top: 0.0, height: strip.rows.len() as f64, ..region };
        let part_rows = strip.rows.start - rows.start..strip.rows.end - rows.start;
        for (from, to) in strip.planes.into_iter().zip(narrowed.planes_mut()) {
            let to = &mut to[part_rows.start * width..part_rows.end * width];
            resample(&mut resizer, plane(from, stored_width), part, plane_mut(to, width));
        }
    })?;
    let mut resized = Image::new([channels, height, width])?;
    let part = Region { top: region.top - rows.start as f64, left: 0.0, width: width as f64, ..region };
    for (from, to) in narrowed.planes().zip(resized.planes_mut()) {
        resample(&mut resizer, plane(from, width), part, plane_mut(to, width));
    }
    image.replace(resized);
    Ok(())
}

/// Resamples a region of a plane to the size of another one.
fn resample(
    resizer: &mut Resizer,
    from: TypedImageRef<'_, F32>,
    region: Region,
    mut to: TypedImage<'_, F32>,
) {
    let Region { top, left, height, width } = region;
    let algorithm = ResizeAlg::Convolution(FilterType::Bilinear);
    let options = ResizeOptions::new().resize_alg(algorithm).crop(left, top, width, height);
    resizer.resize_typed(&from, &mut to, &options).expect("the region lies within the plane");
}

/// A plane of rows with sides that are no longer than the library allows.
fn plane(values: &[f32], width: usize) -> TypedImageRef<'_, F32> {
    let height = values.len().checked_div(width).unwrap_or(0);
    let plane = TypedImageRef::new(width as u32, height as u32, bytemuck::cast_slice(values));
    plane.expect("a plane is made of whole rows")
}

/// Does as [`plane`], to be written.
fn plane_mut(values: &mut [f32], width: usize) -> TypedImage<'_, F32> {
    let height = values.len().checked_div(width).unwrap_or(0);
    let plane = TypedImage::from_pixels_slice(width as u32, height as u32, bytemuck::cast_slice_mut(values));
    plane.expect("a plane is made of whole rows")
}

/// Resamples the whole image to `[height, width]`.
pub(super) fn resize_exact(image: &mut Image, size: [usize; 2]) -> Result<()> {
    let [height, width] = image.size().map(|side| side as f64);
    resize(image, Region { top: 0.0, left: 0.0, height, width }, size)
}

/// Length of the longer side of a resized image, in shorter sides, at most: a line one pixel high
/// would grow to gigabytes.
const LONGEST: usize = 32;

/// Gives the shorter side this many pixels and keeps the proportions; the longer side is rounded
/// down, as in torchvision.
pub(super) fn resize_shorter(image: &mut Image, shorter: usize) -> Result<()> {
    let size = image.size();
    let least = size[0].min(size[1]);
    let scaled = |side: usize| side as u128 * shorter as u128 / least as u128;
    let longest = LONGEST.saturating_mul(shorter);
    resize_exact(
        image,
        size.map(|side| usize::try_from(scaled(side)).map_or(longest, |side| side.min(longest))),
    )
}

/// Resamples the largest middle region of the right proportions to `[height, width]`.
pub(super) fn fit(image: &mut Image, size: [usize; 2]) -> Result<()> {
    resize(image, Region::middle(image.size(), size), size)
}

/// Cuts out `[height, width]` pixels from a corner, which may lie outside of the image: zeros are
/// there.
pub(super) fn window(image: &mut Image, [top, left]: [isize; 2], [height, width]: [usize; 2]) -> Result<()> {
    let [stored_height, stored_width] = image.size();
    let mut result = Image::new([image.shape()[0], height, width])?;
    // Columns of the result that the image covers, and the first of its own columns there.
    let from = (-left).clamp(0, width as isize) as usize;
    let until = (stored_width as isize - left).clamp(from as isize, width as isize) as usize;
    let source = (left + from as isize).clamp(0, stored_width as isize) as usize;
    let inside = |row: isize| row.clamp(0, stored_height as isize) as usize;
    image.for_each_strip(inside(top)..inside(top + height as isize), |strip| {
        for (stored, plane) in strip.planes.into_iter().zip(result.planes_mut()) {
            for (stored_y, stored) in strip.rows.clone().zip(stored.chunks_exact(stored_width)) {
                let row = &mut plane[(stored_y as isize - top) as usize * width..][..width];
                row[from..until].copy_from_slice(&stored[source..][..until - from]);
            }
        }
    })?;
    image.replace(result);
    Ok(())
}

/// Cuts out the middle `[height, width]`, with zeros around an image that is smaller. Half a pixel is
/// rounded to the even one, as in torchvision.
pub(super) fn center_crop(image: &mut Image, size: [usize; 2]) -> Result<()> {
    let [height, width] = image.size();
    let corner = |stored: usize, wanted: usize| {
        let margin = (stored as isize - wanted as isize) as f64 / 2.0;
        let rounded = if stored < wanted { margin.floor() } else { margin.round_ties_even() };
        rounded as isize
    };
    window(image, [corner(height, size[0]), corner(width, size[1])], size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values count up from 1, row by row.
    fn counting(size: [usize; 2]) -> Image {
        let mut image = Image::new([1, size[0], size[1]]).unwrap();
        image.values_mut().iter_mut().zip(1u8..).for_each(|(value, count)| *value = f32::from(count));
        image
    }

    #[test]
    fn windows_reach_beyond_the_edges() {
        let take = |corner, size| {
            let mut image = counting([2, 3]);
            window(&mut image, corner, size).unwrap();
            image.values().to_vec()
        };
        assert_eq!(take([0, 1], [2, 2]), [2.0, 3.0, 5.0, 6.0]);
        assert_eq!(take([-1, -1], [2, 3]), [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(take([1, 2], [2, 2]), [6.0, 0.0, 0.0, 0.0]);
        assert_eq!(take([5, 5], [1, 2]), [0.0, 0.0]);
        assert_eq!(take([0, -9], [1, 2]), [0.0, 0.0]);
    }

    #[test]
    fn the_middle_of_a_larger_and_of_a_smaller_image() {
        let mut image = counting([4, 4]);
        center_crop(&mut image, [2, 2]).unwrap();
        assert_eq!(image.values(), [6.0, 7.0, 10.0, 11.0]);
        center_crop(&mut image, [2, 4]).unwrap();
        assert_eq!(image.values(), [0.0, 6.0, 7.0, 0.0, 0.0, 10.0, 11.0, 0.0]);
    }

    /// `int(round((343 - 224) / 2))` is 60, and `int(round((341 - 224) / 2))` is 58.
    #[test]
    fn the_middle_is_torchvisions() {
        for (stored, first) in [(343, 60), (341, 58), (344, 60), (225, 0), (227, 2), (226, 1)] {
            let mut image = Image::new([1, 1, stored]).unwrap();
            image.values_mut().iter_mut().enumerate().for_each(|(at, value)| *value = at as f32);
            center_crop(&mut image, [1, 224]).unwrap();
            assert_eq!(image.values()[0], first as f32, "{stored}");
        }
    }

    #[test]
    fn proportions_are_kept_or_cut() {
        let mut image = counting([20, 11]);
        resize_shorter(&mut image, 5).unwrap();
        assert_eq!(image.size(), [9, 5]);
        fit(&mut image, [3, 7]).unwrap();
        assert_eq!(image.size(), [3, 7]);
        let region = Region { top: 2.0, left: 0.0, height: 4.0, width: 6.0 };
        assert_eq!(Region::middle([8, 6], [2, 3]), region);
    }

    #[test]
    fn shrinking_averages() {
        let mut image = counting([8, 8]);
        let mean = image.values().iter().sum::<f32>() / 64.0;
        resize_exact(&mut image, [1, 1]).unwrap();
        approx::assert_relative_eq!(image.values()[0], mean, max_relative = 1e-5);
    }
}
