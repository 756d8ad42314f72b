//! A data set whose images come as a network's input.

use std::sync::Arc;

use rayon::prelude::*;

use super::{Dataset, Image, Preparation, Tolerance, prepare::Moments, threads};
use crate::{
    error::{Error, Result},
    plan::Description,
    rng::subkey,
    weights::Companions,
};

/// Images that statistics are fitted on, at most; of larger sets every n-th.
const FITTED: usize = 1 << 16;

/// Values that are held at once while statistics are fitted, about.
const BLOCK: usize = 1 << 23;

/// In memory, images that a thread takes at once.
const GRAIN: usize = 32;

/// A data set, the way to the network's input, and what is done about bad files. Copies share all three.
#[derive(Clone)]
pub struct Prepared {
    data: Arc<dyn Dataset>,
    preparation: Arc<Preparation>,
    tolerance: Arc<Tolerance>,
}

impl Prepared {
    /// A data set with a preparation whose statistics are known.
    pub fn new(data: Arc<dyn Dataset>, preparation: Preparation, tolerance: Arc<Tolerance>) -> Prepared {
        Prepared { data, preparation: Arc::new(preparation), tolerance }
    }

    /// Fits the statistics of a network's `data { }` on training images, in one pass without augmentation. Nothing is read
    /// if nothing is to be fitted. Also returns the number of images that were read.
    ///
    /// # Errors
    ///
    /// What reading images reports.
    pub fn fit(
        data: Arc<dyn Dataset>,
        description: &Description,
        indices: &[u32],
        tolerance: Arc<Tolerance>,
    ) -> Result<(Prepared, u64)> {
        let unfitted = Prepared::new(data, Preparation::unfitted(description), tolerance);
        let Some(wanted) = unfitted.preparation.wants() else {
            return Ok((unfitted.with(Preparation::new(description, Vec::new())?), 0));
        };
        let size: usize = description.input.iter().product();
        let mut moments = Moments::new(description.input, wanted);
        let sample: Vec<u32> =
            indices.iter().copied().step_by(indices.len().div_ceil(FITTED).max(1)).collect();
        threads::install(|| {
            for block in sample.chunks((BLOCK / size).clamp(1, GRAIN * GRAIN)) {
                let mut images = vec![0.0; block.len() * size];
                let labels = unfitted.arrange(block, None, &mut images);
                let good = unfitted.keep_good(labels, &mut images, &mut Vec::new())?;
                moments.add(&images[..good * size]);
            }
            Ok::<(), Error>(())
        })?;
        let count = moments.count();
        Ok((unfitted.with(Preparation::fitted(description, moments)?), count))
    }

    /// Other images, prepared alike.
    pub fn with_data(&self, data: Arc<dyn Dataset>) -> Prepared {
        Prepared { data, ..self.clone() }
    }

    /// The data set.
    pub fn data(&self) -> &dyn Dataset {
        &*self.data
    }

    /// The preparation.
    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// What goes with weights that are trained on these images.
    pub fn companions(&self) -> Companions {
        let classes = (0..self.data.classes()).map(|class| self.data.class_name(class)).collect();
        Companions { statistics: self.preparation.statistics().to_vec(), classes }
    }

    fn with(self, preparation: Preparation) -> Prepared {
        Prepared { preparation: Arc::new(preparation), ..self }
    }

    /// True if preparing a batch costs little more than copying it: no thread is worth waking for that.
    pub(super) fn is_cheap(&self) -> bool {
        self.data.in_memory() && self.preparation.is_cheap()
    }

    /// Writes the images with these indices, as the network takes them, one after the other, and returns their labels. What
    /// cannot be read leaves anything in its place. With a key, images are augmented. Runs on the threads of the caller's pool.
    pub(super) fn prepare(&self, indices: &[u32], key: Option<u64>, images: &mut [f32]) -> Vec<Result<u32>> {
        let labels = self.arrange(indices, key, images);
        let size = images.len() / indices.len();
        images.par_chunks_mut(GRAIN * size).for_each(|images| self.preparation.finish(images));
        labels
    }

    fn arrange(&self, indices: &[u32], key: Option<u64>, images: &mut [f32]) -> Vec<Result<u32>> {
        let size = images.len() / indices.len();
        let grain = if self.data.in_memory() { GRAIN } else { 1 };
        let each = indices.par_iter().zip(images.par_chunks_exact_mut(size)).with_min_len(grain);
        each.map_init(Image::default, |image, (&index, values)| {
            let label = self.read(index, key, image)?;
            values.copy_from_slice(image.values());
            Ok(label)
        })
        .collect()
    }

    fn read(&self, index: u32, key: Option<u64>, image: &mut Image) -> Result<u32> {
        let label = self.data.read(index as usize, image)?;
        let wanted = self.preparation.input()[0];
        if image.values().is_empty() || !image.set_channels(wanted) {
            let found = image.shape();
            return Err(Error::Usage(format!(
                "image {index} is {found:?}, which gives no image of {wanted} channels"
            )));
        }
        self.preparation.arrange(image, key.map(|key| subkey(key, index.into())));
        Ok(label)
    }

    /// Moves the images that could be read together, writes their labels, and returns their number.
    ///
    /// # Errors
    ///
    /// What [`Tolerance::excuse`] does not excuse.
    pub(super) fn keep_good(
        &self,
        read: Vec<Result<u32>>,
        images: &mut [f32],
        labels: &mut Vec<u32>,
    ) -> Result<usize> {
        let size = images.len() / read.len();
        labels.clear();
        for (nth, label) in read.into_iter().enumerate() {
            match label {
                Ok(label) => {
                    if labels.len() < nth {
                        images.copy_within(nth * size..(nth + 1) * size, labels.len() * size);
                    }
                    labels.push(label);
                }
                Err(error) => self.tolerance.excuse(error)?,
            }
        }
        Ok(labels.len())
    }
}
