//! A data set whose images come as a network's input.

use std::{fmt, sync::Arc};

use cnn_core::{
    DataInfo, Error, Result,
    reserve::{product, resize},
    rng::subkey,
};
use cnn_plan::Description;
use rayon::prelude::*;

use super::{
    Dataset, Image, Preparation, SkipPolicy, Target, beyond,
    budget::DECODING,
    prepare::{Moments, Wanted},
    threads,
};

/// Images that statistics are fitted on, at most; of larger sets every n-th.
const FITTED: usize = 1 << 16;

/// Values that are held at once while statistics are fitted, about.
const BLOCK: usize = 1 << 23;

/// Identities by which sets of images are compared.
const SKETCHED: usize = 256;

/// Images in memory that a thread takes at once.
const GRAIN: usize = 32;

/// A data set, the way to the network's input, and what is done about bad files. Copies share all
/// three.
#[derive(Clone)]
pub struct Prepared {
    data: Arc<dyn Dataset>,
    preparation: Arc<Preparation>,
    policy: SkipPolicy,
    fitted_on: u64,
}

impl Prepared {
    /// A data set with a preparation whose statistics are known.
    pub fn new(data: Arc<dyn Dataset>, preparation: Preparation, policy: SkipPolicy) -> Prepared {
        Prepared { data, preparation: Arc::new(preparation), policy, fitted_on: 0 }
    }

    /// Fits the statistics of a network's `data { }` on training images, in one pass without
    /// augmentation. Nothing is read if nothing is to be fitted.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if statistics are to be fitted on no images, and for an index that no image
    /// has; what reading images reports; [`Error::Device`] if there is no memory.
    pub fn fit(
        data: Arc<dyn Dataset>,
        description: &Description,
        indices: &[u32],
        policy: SkipPolicy,
    ) -> Result<Prepared> {
        if let Some(&index) = indices.iter().find(|&&index| index as usize >= data.len()) {
            return Err(beyond(index as usize, data.len()));
        }
        let unfitted = Prepared::new(data, Preparation::unfitted(description), policy);
        let (preparation, fitted_on) = match unfitted.preparation.wants() {
            None => (Preparation::new(description, Vec::new())?, 0),
            Some(wanted) => {
                let moments = unfitted.moments(indices, wanted)?;
                let count = moments.count();
                (Preparation::fitted(description, moments)?, count)
            }
        };
        Ok(Prepared { preparation: Arc::new(preparation), fitted_on, ..unfitted })
    }

    /// The moments of images that are prepared one by one.
    fn moments(&self, indices: &[u32], wanted: Wanted) -> Result<Moments> {
        let (input, size) = (self.preparation.input(), product(&self.preparation.input()).max(1));
        let mut moments = Moments::new(input, wanted);
        let sample: Vec<u32> =
            indices.iter().copied().step_by(indices.len().div_ceil(FITTED).max(1)).collect();
        threads::install(|| {
            for block in sample.chunks((BLOCK / size).clamp(1, GRAIN * GRAIN)) {
                let mut images = Vec::new();
                resize(&mut images, product(&[block.len(), size]), 0.0, "the images to fit statistics on")?;
                let targets = self.prepare_each(block, None, &mut images);
                let good = self.keep_good(targets, &mut images, &mut Vec::new())?;
                moments.add(&images[..good * size]);
            }
            Ok::<(), Error>(())
        })?;
        if moments.count() == 0 {
            return Err(Error::Usage("there are no images to fit the statistics of the data on".into()));
        }
        Ok(moments)
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

    /// The number of images that [`Prepared::fit`] read; 0 if nothing was to be fitted.
    pub fn fitted_on(&self) -> u64 {
        self.fitted_on
    }

    /// What is saved with weights that are trained on these images.
    ///
    /// # Errors
    ///
    /// As [`DataInfo::new`].
    pub fn data_info(&self) -> Result<DataInfo> {
        let classes = (0..self.data.outputs()).map(|output| self.data.output_name(output)).collect();
        DataInfo::new(self.preparation.statistics().to_vec(), classes)
    }

    /// The smallest of the images' identities, in order, at most 256: the share that two sets
    /// have in common of the smallest of both is about that of their images (Broder, "On the
    /// resemblance and containment of documents", 1997). Of few images it is all of them, of images
    /// without an identity nothing.
    pub fn sketch(&self, indices: &[u32]) -> Vec<u64> {
        let each = indices.par_iter().filter_map(|&index| self.data.identity(index as usize));
        let mut identities: Vec<u64> = threads::install(|| each.collect());
        identities.par_sort_unstable();
        identities.truncate(SKETCHED);
        identities
    }

    /// True if preparing a batch costs little more than copying it: no thread is worth waking for
    /// that.
    pub(super) fn is_cheap(&self) -> bool {
        self.data.in_memory() && self.preparation.is_cheap()
    }

    /// Writes the images with these indices, as the network takes them, one after the other, and
    /// returns their targets. What cannot be read leaves anything in its place. With a key, images
    /// are augmented. The work is done on the threads of the caller's pool.
    pub(super) fn prepare(
        &self,
        indices: &[u32],
        key: Option<u64>,
        images: &mut [f32],
    ) -> Vec<Result<Target>> {
        let targets = self.prepare_each(indices, key, images);
        let size = images.len() / indices.len();
        images.par_chunks_mut(GRAIN * size).for_each(|images| self.preparation.change_values(images));
        targets
    }

    /// Does as [`Prepared::prepare`], but leaves the values as they are stored.
    fn prepare_each(&self, indices: &[u32], key: Option<u64>, images: &mut [f32]) -> Vec<Result<Target>> {
        let size = images.len() / indices.len();
        let grain = if self.data.in_memory() { GRAIN } else { 1 };
        let each = indices.par_iter().zip(images.par_chunks_exact_mut(size)).with_min_len(grain);
        each.map_init(
            || Image::within(&DECODING),
            |image, (&index, values)| {
                let target = self.read(index, key, image)?;
                values.copy_from_slice(image.values());
                image.give_back();
                Ok(target)
            },
        )
        .collect()
    }

    fn read(&self, index: u32, key: Option<u64>, image: &mut Image) -> Result<Target> {
        let target = self.data.read(index as usize, image)?;
        let of_image = |message: String| Error::Usage(format!("image {index}: {message}"));
        target.check(self.data.target(), self.data.outputs()).map_err(of_image)?;
        let key = key.map(|key| subkey(key, index.into()));
        self.preparation.per_image(image, key).map_err(|error| match error {
            Error::Usage(message) => of_image(message),
            other => other,
        })?;
        Ok(target)
    }

    /// Moves the images that could be read together, writes their targets' numbers in their bits,
    /// and returns the number of images.
    ///
    /// # Errors
    ///
    /// The first error that [`SkipPolicy::skip`] does not pass over.
    pub(super) fn keep_good(
        &self,
        read: Vec<Result<Target>>,
        images: &mut [f32],
        words: &mut Vec<u32>,
    ) -> Result<usize> {
        let size = images.len() / read.len();
        let mut good = 0;
        words.clear();
        for (nth, target) in read.into_iter().enumerate() {
            match target {
                Ok(target) => {
                    if good < nth {
                        images.copy_within(nth * size..(nth + 1) * size, good * size);
                    }
                    target.put(self.data.outputs(), words);
                    good += 1;
                }
                Err(error) => self.policy.skip(error)?,
            }
        }
        Ok(good)
    }
}

/// Looks at the files of images, as far as [`Dataset::check`] finds damage without reading them as a
/// whole, and returns the error of each that cannot be used, in order. `looked` is called with numbers
/// of files that were looked at.
pub fn check_files(data: &dyn Dataset, indices: &[u32], looked: impl Fn(usize) + Sync) -> Vec<Error> {
    let each = indices.par_chunks(GRAIN).flat_map_iter(|indices| {
        let bad: Vec<_> = indices.iter().filter_map(|&index| data.check(index as usize).err()).collect();
        looked(indices.len());
        bad
    });
    if data.in_memory() { Vec::new() } else { threads::install(|| each.collect()) }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared")
            .field("images", &self.data.len())
            .field("outputs", &self.data.outputs())
            .field("preparation", &self.preparation)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
