//! A data set as a sequence of batches, in an order that is a pure function of (seed, epoch).
//!
//! The last batch of a pass is short where the images do not divide evenly. Buffers are allocated once.

use super::Dataset;
use crate::rng::{Stream, subkey};

/// Sets the stream of the order apart from every other use of the seed.
const PURPOSE: u64 = u64::from_be_bytes(*b" shuffle");

/// Images `[n, C, H, W]` and labels `[n]`.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// Planar images, one after the other.
    pub images: &'a [f32],
    /// A class each.
    pub labels: &'a [u32],
}

/// Batches over some images of a data set.
pub struct Batches<'a> {
    data: &'a dyn Dataset,
    order: Vec<u32>,
    next: usize,
    images: Vec<f32>,
    labels: Vec<u32>,
}

impl<'a> Batches<'a> {
    /// Batches of up to `batch` (not 0) over the images with these indices.
    pub fn new(data: &'a dyn Dataset, indices: Vec<u32>, batch: usize) -> Batches<'a> {
        let size: usize = data.shape().iter().product();
        Batches { data, order: indices, next: 0, images: vec![0.0; batch * size], labels: vec![0; batch] }
    }

    /// Batches over all images.
    pub fn all(data: &'a dyn Dataset, batch: usize) -> Batches<'a> {
        Batches::new(data, (0..data.len() as u32).collect(), batch)
    }

    /// Images in one pass.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// True without images.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Starts a pass in the order of the data set.
    pub fn rewind(&mut self) {
        self.order.sort_unstable();
        self.next = 0;
    }

    /// Starts a pass in the order of an epoch, whatever passes came before.
    pub fn shuffle(&mut self, seed: u64, epoch: usize) {
        self.rewind();
        Stream::new(subkey(subkey(seed, PURPOSE), epoch as u64)).shuffle(&mut self.order);
    }

    /// Passes over this many images without reading them: where a resumed pass goes on.
    pub fn skip(&mut self, images: usize) {
        self.next = (self.next + images).min(self.order.len());
    }

    /// The next batch of the pass.
    #[expect(
        clippy::should_implement_trait,
        reason = "a batch borrows the buffers, which Iterator cannot express"
    )]
    pub fn next(&mut self) -> Option<Batch<'_>> {
        let count = self.labels.len().min(self.order.len() - self.next);
        if count == 0 {
            return None;
        }
        let size = self.images.len() / self.labels.len();
        let indices = &self.order[self.next..][..count];
        for ((&index, image), label) in indices.iter().zip(self.images.chunks_mut(size)).zip(&mut self.labels)
        {
            *label = self.data.sample(index as usize, image);
        }
        self.next += count;
        Some(Batch { images: &self.images[..count * size], labels: &self.labels[..count] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image i holds i twice and has label i.
    struct Counting(usize);

    impl Dataset for Counting {
        fn len(&self) -> usize {
            self.0
        }
        fn classes(&self) -> usize {
            self.0
        }
        fn shape(&self) -> [usize; 3] {
            [1, 1, 2]
        }
        fn sample(&self, index: usize, image: &mut [f32]) -> u32 {
            image.fill(index as f32);
            index as u32
        }
    }

    fn labels(batches: &mut Batches) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        while let Some(batch) = batches.next() {
            assert!(
                batch.images.chunks(2).zip(batch.labels).all(|(image, &label)| image == [label as f32; 2])
            );
            all.push(batch.labels.to_vec());
        }
        all
    }

    #[test]
    fn the_last_batch_is_short() {
        let data = Counting(5);
        let mut batches = Batches::all(&data, 2);
        assert_eq!(labels(&mut batches), [vec![0, 1], vec![2, 3], vec![4]]);
        assert!(batches.next().is_none());
        batches.rewind();
        assert_eq!(labels(&mut batches).len(), 3);
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        let data = Counting(64);
        let order = |earlier: &[usize], seed, epoch| {
            let mut batches = Batches::all(&data, 64);
            earlier.iter().for_each(|&epoch| batches.shuffle(seed, epoch));
            batches.shuffle(seed, epoch);
            labels(&mut batches).concat()
        };
        assert_eq!(order(&[], 3, 2), order(&[1, 5], 3, 2));
        assert_ne!(order(&[], 3, 2), order(&[], 3, 1));
        assert_ne!(order(&[], 3, 2), order(&[], 4, 2));
    }
}
