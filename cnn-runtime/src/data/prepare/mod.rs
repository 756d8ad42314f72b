//! The way from a stored image to the network's input, as `data { }` and `augment { }` declare it.
//!
//! First [`Preparation::arrange`] on one image: geometry, and augmentation in training. Then [`Preparation::finish`] on a
//! batch: values, with the statistics fitted on the training set. The fitted statistics are tensors named `data.*`; a
//! preparation made of the tensors that another one gave prepares the same bytes.

mod eigen;
mod matrix;
mod moments;
mod statistics;
mod values;

pub(super) use moments::Moments;
use values::Values;

use super::{Image, augment, geometry};
use crate::{
    error::{Error, Result},
    plan::{Augment, Description, Prepare},
    rng::{Stream, subkey},
    weights::tensors::Tensor,
};

/// What images become without `data { }`: 0 to 1.
const DEFAULT: &[Prepare] = &[Prepare::Normalise { mean: &[0.0], std: &[255.0] }];

/// Everything that happens to images of one network.
#[derive(Debug)]
pub struct Preparation {
    input: [usize; 3],
    stages: &'static [Prepare],
    augment: &'static [Augment],
    values: Values,
    statistics: Vec<Tensor>,
}

impl Preparation {
    /// A network's preparation with statistics that were fitted before: of a weights file, all tensors named `data.*`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] naming a statistic that is missing or misshapen.
    pub fn new(description: &Description, statistics: Vec<Tensor>) -> Result<Preparation> {
        let stages = description.data.unwrap_or(DEFAULT);
        let values = Values::new(stages, description.input, &statistics).map_err(Error::Usage)?;
        Ok(Preparation { input: description.input, stages, augment: description.augment, values, statistics })
    }

    /// A network's preparation without statistics, for fitting them: it arranges and does not finish.
    pub(super) fn unfitted(description: &Description) -> Preparation {
        let stages = description.data.unwrap_or(DEFAULT);
        let (values, statistics) = (Values::default(), Vec::new());
        Preparation { input: description.input, stages, augment: description.augment, values, statistics }
    }

    /// What moments it needs to be fitted, if any.
    pub(super) fn wants(&self) -> Option<moments::Wanted> {
        moments::Wanted::by(self.stages)
    }

    /// Fitted to moments of arranged training images.
    pub(super) fn fitted(description: &Description, moments: Moments) -> Result<Preparation> {
        let stages = description.data.unwrap_or(DEFAULT);
        Preparation::new(description, statistics::fit(stages, moments))
    }

    /// The fitted statistics, to be kept with the weights.
    pub fn statistics(&self) -> &[Tensor] {
        &self.statistics
    }

    /// Shape `[C, H, W]` of what it gives.
    pub fn input(&self) -> [usize; 3] {
        self.input
    }

    /// True if finishing a batch costs about as much as copying it.
    pub(super) fn is_cheap(&self) -> bool {
        self.augment.is_empty() && !self.values.whitens()
    }

    /// Gives an image the network's size; with a key, augments it by amounts that depend on nothing but the key and the
    /// image. Where the stages leave another size, the largest middle part of the right proportions is resampled.
    pub fn arrange(&self, image: &mut Image, key: Option<u64>) {
        for stage in self.stages {
            match *stage {
                Prepare::ResizeShorter(shorter) => geometry::resize_shorter(image, shorter),
                Prepare::ResizeExact(size) => geometry::resize_exact(image, size),
                Prepare::CenterCrop(size) if key.is_none() || !augment::crops(self.augment) => {
                    geometry::center_crop(image, size);
                }
                _ => {}
            }
        }
        if let Some(key) = key {
            for (stage, purpose) in self.augment.iter().zip(0..) {
                augment::apply(stage, image, &mut Stream::new(subkey(key, purpose)));
            }
        }
        let [_, height, width] = self.input;
        if image.size() != [height, width] {
            geometry::fit(image, [height, width]);
        }
    }

    /// Turns the values of arranged images, one after the other, into the network's input.
    pub fn finish(&self, images: &mut [f32]) {
        self.values.apply(images);
    }
}

#[cfg(test)]
pub(super) mod tests;
