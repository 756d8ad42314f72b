//! The way from a stored image to the network's input, as `data { }` and `augment { }` declare it.
//!
//! [`Preparation::per_image`] comes first: geometry, and augmentation in training. Then
//! [`Preparation::per_batch`] changes the values of a batch, with the statistics fitted on the
//! training set. The fitted statistics are tensors named `data.*`; a preparation made of the
//! tensors that another one gave prepares the same bytes.

mod moments;
mod statistics;
mod values;

pub(super) use moments::{Moments, Wanted};
use values::Values;

use cnn_core::{
    Error, Result, Tensor, ValueStage,
    reserve::product,
    rng::{Stream, subkey},
};
use cnn_plan::{Augment, Description, Prepare};

use super::{Image, augment, geometry};

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
    /// A network's preparation with statistics that were fitted before: of a weights file, all
    /// tensors named `data.*`.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] naming a statistic that is missing, misshapen or given twice.
    pub fn new(description: &Description, statistics: Vec<Tensor>) -> Result<Preparation> {
        let stages = description.preparation();
        let values = Values::new(stages, description.image_shape(), &statistics).map_err(Error::Usage)?;
        Ok(Preparation {
            input: description.image_shape(),
            stages,
            augment: description.augment,
            values,
            statistics,
        })
    }

    /// A network's preparation without statistics, for fitting them: it prepares single images and
    /// no batches.
    pub(super) fn unfitted(description: &Description) -> Preparation {
        let stages = description.preparation();
        let (values, statistics) = (Values::default(), Vec::new());
        Preparation {
            input: description.image_shape(),
            stages,
            augment: description.augment,
            values,
            statistics,
        }
    }

    /// The moments that are needed to fit this preparation, if any.
    pub(super) fn wants(&self) -> Option<Wanted> {
        Wanted::by(self.stages)
    }

    /// A network's preparation fitted to the moments of prepared training images.
    pub(super) fn fitted(description: &Description, moments: Moments) -> Result<Preparation> {
        let stages = description.preparation();
        Preparation::new(description, statistics::fit(stages, moments)?)
    }

    /// The fitted statistics, to be kept with the weights.
    pub fn statistics(&self) -> &[Tensor] {
        &self.statistics
    }

    /// What [`Preparation::per_batch`] does to the values of each image, in order: stages that
    /// follow each other are one where they can be.
    pub fn value_stages(&self) -> impl Iterator<Item = ValueStage<'_>> {
        self.values.stages()
    }

    /// The shape `[C, H, W]` of the network's input.
    pub fn input(&self) -> [usize; 3] {
        self.input
    }

    /// True if preparing a batch costs about as much as copying it.
    pub(super) fn is_cheap(&self) -> bool {
        self.augment.is_empty() && !self.values.whitens()
    }

    /// Gives an image the network's channels and size; with a key, augments it by amounts that
    /// depend on nothing but the key and the image. Where the stages leave another size, the
    /// largest middle region of the right proportions is resampled.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if the image has no pixels, or channels that give no image of the
    /// network's; [`Error::Device`] if there is no memory.
    pub fn per_image(&self, image: &mut Image, key: Option<u64>) -> Result<()> {
        let [channels, height, width] = self.input;
        image.set_channels(channels)?;
        for stage in self.stages {
            match *stage {
                Prepare::ResizeShorter(shorter) => geometry::resize_shorter(image, shorter)?,
                Prepare::ResizeExact(size) => geometry::resize_exact(image, size)?,
                Prepare::CenterCrop(size) if key.is_none() || !augment::crops(self.augment) => {
                    geometry::center_crop(image, size)?;
                }
                // The crop of augmentation takes its place; values are changed for a whole batch.
                Prepare::CenterCrop(_)
                | Prepare::MeanSubtract(_)
                | Prepare::Standardise(_)
                | Prepare::Normalise { .. }
                | Prepare::Scale(_)
                | Prepare::Whiten { .. } => {}
            }
        }
        if let Some(key) = key {
            for (stage, purpose) in self.augment.iter().zip(0..) {
                augment::apply(stage, image, &mut Stream::new(subkey(key, purpose)))?;
            }
        }
        if image.size() == [height, width] { image.widen() } else { geometry::fit(image, [height, width]) }
    }

    /// Turns the values of images that [`Preparation::per_image`] prepared, one after the other,
    /// into the network's input.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if these are not the values of whole images.
    pub fn per_batch(&self, images: &mut [f32]) -> Result<()> {
        let size = product(&self.input);
        if size == 0 || !images.len().is_multiple_of(size) {
            let (expected, found) = (self.input, images.len());
            return Err(Error::Usage(format!("expected the values of images {expected:?}, found {found}")));
        }
        self.change_values(images);
        Ok(())
    }

    /// Does as [`Preparation::per_batch`], with whole images.
    pub(super) fn change_values(&self, images: &mut [f32]) {
        self.values.apply(images);
    }
}

#[cfg(test)]
pub(super) mod tests;
