//! Changes of training images. Each is a function of the image and a stream of random numbers,
//! whose key stands for (seed, epoch, image, stage): a resumed run and any number of threads repeat
//! the same bytes.

mod color;
mod rotate;
mod spatial;

use cnn_core::{Result, rng::Stream};
use cnn_plan::Augment;

use super::Image;

/// True if some stage takes the place of the crop of `data { }`.
pub(super) fn crops(stages: &[Augment]) -> bool {
    stages.iter().any(|stage| matches!(stage, Augment::RandomCrop(_) | Augment::RandomResizedCrop { .. }))
}

/// Applies one stage to an image that has pixels.
pub(super) fn apply(stage: &Augment, image: &mut Image, stream: &mut Stream) -> Result<()> {
    // Windows and regions are read strip by strip, other stages change values where they are.
    if !matches!(stage, Augment::Pad(_) | Augment::RandomCrop(_) | Augment::RandomResizedCrop { .. }) {
        image.widen()?;
    }
    match *stage {
        Augment::Pad(margin) => spatial::pad(image, margin)?,
        Augment::RandomCrop(size) => spatial::random_crop(image, size, stream)?,
        Augment::RandomResizedCrop { size, area } => {
            spatial::random_resized_crop(image, size, area, stream)?;
        }
        Augment::Flip { probability } if stream.unit() < probability.into() => spatial::flip(image),
        Augment::FlipVertical { probability } if stream.unit() < probability.into() => {
            spatial::flip_vertical(image);
        }
        Augment::Flip { .. } | Augment::FlipVertical { .. } => {}
        Augment::Rotate { degrees } => rotate::rotate(image, symmetric(degrees, stream))?,
        Augment::ColorJitter { brightness, contrast, saturation } => {
            let factor = |range, stream: &mut Stream| (1.0 + symmetric(range, stream)).max(0.0) as f32;
            color::brightness(image, factor(brightness, stream));
            color::contrast(image, factor(contrast, stream));
            color::saturation(image, factor(saturation, stream));
        }
        Augment::Cutout { size } => spatial::cutout(image, size, stream),
    }
    Ok(())
}

/// A number drawn uniformly from `-range` to `range`.
fn symmetric(range: f32, stream: &mut Stream) -> f64 {
    f64::from(range) * (2.0 * stream.unit() - 1.0)
}

#[cfg(test)]
mod tests;
