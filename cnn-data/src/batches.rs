//! A data set as a sequence of batches, in an order that is a pure function of (seed, epoch).
//!
//! While one batch is used, threads prepare the next two; nothing but the time depends on them.
//! What costs no more than a copy is prepared when it is asked for. Buffers are allocated once.

use std::{
    collections::VecDeque,
    fmt,
    path::Path,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use cnn_core::{
    Error, Result, Targets,
    reserve::{product, resize},
    rng::{Stream, subkey},
};

use cnn_plan::TargetKind;

use super::{Prepared, Target, all_indices, bad, beyond, threads};

/// Sets the stream of the order apart from every other use of the seed.
const PURPOSE: u64 = u64::from_be_bytes(*b" shuffle");

/// Sets the keys of augmentation apart from every other use of the seed.
const AUGMENT: u64 = u64::from_be_bytes(*b" augment");

/// Batches that are prepared ahead.
const AHEAD: usize = 2;

/// Images `[n, C, H, W]` and their targets.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Batch<'a> {
    /// Planar images, one after the other.
    pub images: &'a [f32],
    /// The target of each image.
    pub targets: Targets<'a>,
}

/// Batches over some images of a data set.
///
/// The last batch of a pass is short where the images do not divide evenly, and any batch is where
/// bad files are skipped.
pub struct Batches {
    source: Prepared,
    order: Vec<u32>,
    batch: usize,
    /// Images of the pass that batches were given out for.
    done: usize,
    /// Images of the pass whose preparation has begun.
    begun: usize,
    /// Key of the pass's augmentation.
    key: Option<u64>,
    begun_batches: VecDeque<Receiver<Result<Filled>>>,
    /// Buffers of batches that were used.
    spare: Vec<Vec<f32>>,
    images: Vec<f32>,
    /// Numbers of the targets, in their bits.
    targets: Vec<u32>,
    /// Images of the batch in the buffers.
    held: usize,
    waited: Duration,
}

/// A batch as the threads hand it over.
struct Filled {
    images: Vec<f32>,
    targets: Vec<Result<Target>>,
}

impl Batches {
    /// Batches of up to `batch` images over those with these indices.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] for a batch of 0, and for an index that no image has.
    pub fn new(source: &Prepared, indices: Vec<u32>, batch: usize) -> Result<Batches> {
        if batch == 0 {
            return Err(Error::Usage("batch 0: a batch holds at least one image".into()));
        }
        let images = source.data().len();
        if let Some(&index) = indices.iter().find(|&&index| index as usize >= images) {
            return Err(beyond(index as usize, images));
        }
        Ok(Batches {
            source: source.clone(),
            order: indices,
            batch,
            done: 0,
            begun: 0,
            key: None,
            begun_batches: VecDeque::new(),
            spare: Vec::new(),
            images: Vec::new(),
            targets: Vec::new(),
            held: 0,
            waited: Duration::ZERO,
        })
    }

    /// Batches over all images.
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] for a batch of 0 and for more images than a u32 counts, [`Error::Device`]
    /// if there is no memory for their indices.
    pub fn all(source: &Prepared, batch: usize) -> Result<Batches> {
        Batches::new(source, all_indices(source.data().len())?, batch)
    }

    /// The shape `[C, H, W]` of each image.
    pub fn input(&self) -> [usize; 3] {
        self.source.preparation().input()
    }

    /// What the target of each image is.
    pub fn target(&self) -> TargetKind {
        self.source.data().target()
    }

    /// The number of images in the largest batch of a pass.
    pub fn largest(&self) -> usize {
        self.batch.min(self.order.len())
    }

    /// The number of images in one pass.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True without images.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The number of images of this pass so far, skipped ones included: what [`Batches::skip`]
    /// takes to go on from here.
    pub fn done(&self) -> usize {
        self.done
    }

    /// The time that all calls of [`Batches::next_batch`] have taken: what the device waited for
    /// data.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Starts a pass in the order of the data set, without augmentation.
    pub fn rewind(&mut self) {
        self.order.sort_unstable();
        self.start(None);
    }

    /// By what the images are known again: see [`Prepared::sketch`].
    pub fn sketch(&self) -> Vec<u64> {
        self.source.sketch(&self.order)
    }

    /// Starts a pass in the order, and with the augmentation, of an epoch, whatever passes came
    /// before.
    pub fn shuffle(&mut self, seed: u64, epoch: usize) {
        self.order.sort_unstable();
        let key = |purpose| subkey(subkey(seed, purpose), epoch as u64);
        Stream::new(key(PURPOSE)).shuffle(&mut self.order);
        self.start(Some(key(AUGMENT)));
    }

    /// Passes over this many images without reading them: where a resumed pass goes on.
    pub fn skip(&mut self, images: usize) {
        self.done = self.done.saturating_add(images).min(self.order.len());
        self.begun = self.done;
        self.begun_batches.clear();
    }

    /// The next batch of the pass.
    ///
    /// # Errors
    ///
    /// What the data set reports of an image, unless it is skipped, and [`Error::Device`] if there
    /// is no memory for the batch.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>> {
        let start = Instant::now();
        let found = self.advance();
        self.waited += start.elapsed();
        let size = product(&self.input());
        Ok(found?.then(|| Batch { images: &self.images[..self.held * size], targets: self.targets() }))
    }

    /// The targets of the batch in the buffers.
    fn targets(&self) -> Targets<'_> {
        match self.target() {
            TargetKind::Class => Targets::Classes(&self.targets),
            TargetKind::Values | TargetKind::Labels => Targets::Values(bytemuck::cast_slice(&self.targets)),
        }
    }

    fn start(&mut self, key: Option<u64>) {
        self.key = key;
        self.done = 0;
        self.skip(0);
    }

    /// Fills the buffers with the next batch that has images, if there is one.
    fn advance(&mut self) -> Result<bool> {
        while self.done < self.order.len() {
            let Filled { mut images, targets } = self.take()?;
            self.done += targets.len();
            self.held = self.source.keep_good(targets, &mut images, &mut self.targets)?;
            self.spare.push(std::mem::replace(&mut self.images, images));
            if self.held > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The next batch, prepared now or before.
    fn take(&mut self) -> Result<Filled> {
        if self.source.is_cheap() {
            return self.begin()();
        }
        while self.begun < self.order.len() && self.begun_batches.len() <= AHEAD {
            let work = self.begin();
            self.begun_batches.push_back(threads::start(work));
        }
        let next = self.begun_batches.pop_front().and_then(|receiver| receiver.recv().ok());
        next.unwrap_or_else(|| Err(bad(Path::new("data set"), "panicked while it read an image")))
    }

    /// The work of preparing the batch after those that were begun.
    fn begin(&mut self) -> impl FnOnce() -> Result<Filled> + Send + use<> {
        let indices = &self.order[self.begun..];
        let indices = indices[..indices.len().min(self.batch)].to_vec();
        self.begun += indices.len();
        let size = product(&self.input());
        let (source, key) = (self.source.clone(), self.key);
        let mut images = self.spare.pop().unwrap_or_default();
        move || {
            resize(&mut images, product(&[indices.len(), size]), 0.0, "the images of a batch")?;
            let targets = source.prepare(&indices, key, &mut images);
            Ok(Filled { images, targets })
        }
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("source", &self.source)
            .field("images", &self.order.len())
            .field("batch", &self.batch)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
