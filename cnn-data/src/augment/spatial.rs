//! Augmentation that moves pixels or blanks them: pad, crop, flip, cutout.

use cnn_core::{Result, rng::Stream};

use crate::{
    Image,
    geometry::{Region, fit, resize, window},
};

/// Regions that a random resized crop draws before it settles for the middle one (10 in
/// torchvision).
const TRIES: usize = 10;

/// Proportions, width to height, that a random resized crop draws from (Szegedy et al. 2015).
const PROPORTIONS: [f64; 2] = [3.0 / 4.0, 4.0 / 3.0];

/// Adds `margin` rows and columns of zeros on every side.
pub(super) fn pad(image: &mut Image, margin: usize) -> Result<()> {
    let size = image.size().map(|side| side + 2 * margin);
    window(image, [-(margin as isize); 2], size)
}

/// Cuts out `[height, width]` from anywhere; of an image that is smaller, all of it somewhere among
/// zeros.
pub(super) fn random_crop(image: &mut Image, size: [usize; 2], stream: &mut Stream) -> Result<()> {
    let [height, width] = image.size();
    let mut corner = |stored: usize, wanted: usize| {
        let offset = stream.below(stored.abs_diff(wanted) + 1) as isize;
        if stored < wanted { -offset } else { offset }
    };
    let corner = [corner(height, size[0]), corner(width, size[1])];
    window(image, corner, size)
}

/// Resamples a region of random area and proportions to `size`: areas uniform in `area`,
/// proportions uniform in their logarithm. A region that does not fit is drawn again.
pub(super) fn random_resized_crop(
    image: &mut Image,
    size: [usize; 2],
    area: [f32; 2],
    stream: &mut Stream,
) -> Result<()> {
    let [stored_height, stored_width] = image.size();
    let between = |[low, high]: [f64; 2], share: f64| low + (high - low) * share;
    for _ in 0..TRIES {
        let share = between(area.map(f64::from), stream.unit());
        let pixels = share * (stored_height * stored_width) as f64;
        let proportion = between(PROPORTIONS.map(f64::ln), stream.unit()).exp();
        let width = (pixels * proportion).sqrt().round() as usize;
        let height = (pixels / proportion).sqrt().round() as usize;
        if (1..=stored_height).contains(&height) && (1..=stored_width).contains(&width) {
            let top = stream.below(stored_height - height + 1) as f64;
            let left = stream.below(stored_width - width + 1) as f64;
            let region = Region { top, left, height: height as f64, width: width as f64 };
            return resize(image, region, size);
        }
    }
    fit(image, size)
}

/// Mirrors left and right.
pub(super) fn flip(image: &mut Image) {
    let width = image.size()[1];
    image.values_mut().chunks_exact_mut(width).for_each(<[f32]>::reverse);
}

/// Mirrors top and bottom.
pub(super) fn flip_vertical(image: &mut Image) {
    let [height, width] = image.size();
    for plane in image.planes_mut() {
        let (upper, lower) = plane.split_at_mut(height / 2 * width);
        for (upper, lower) in upper.chunks_exact_mut(width).zip(lower.rchunks_exact_mut(width)) {
            upper.swap_with_slice(lower);
        }
    }
}

/// Zeros a square around any pixel; it may reach beyond the edges (DeVries and Taylor 2017).
pub(super) fn cutout(image: &mut Image, side: usize, stream: &mut Stream) {
    let [height, width] = image.size();
    let mut range = |length: usize| {
        let start = stream.below(length) as isize - side as isize / 2;
        let inside = |at: isize| at.clamp(0, length as isize) as usize;
        inside(start)..inside(start + side as isize)
    };
    let (rows, columns) = (range(height), range(width));
    for plane in image.planes_mut() {
        for row in plane.chunks_exact_mut(width).take(rows.end).skip(rows.start) {
            row[columns.clone()].fill(0.0);
        }
    }
}
