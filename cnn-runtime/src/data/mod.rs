//! Data sets: where images and labels come from, how they are split and in which order a network sees them.
//!
//! Everything that a file can get wrong is found while loading; from a loaded [`Dataset`] every image has the
//! network's input shape and every label is a class of the network.

mod batches;
mod idx;
mod mnist;
mod split;

use std::path::Path;

pub use batches::{Batch, Batches};
pub use mnist::{Mnist, Part};
pub use split::{Split, split};

use crate::error::Error;

/// Labelled images, all of one shape.
pub trait Dataset: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;

    /// True without images; a loaded set has some.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Labels are below this.
    fn classes(&self) -> usize;

    /// `[C, H, W]` of every image.
    fn shape(&self) -> [usize; 3];

    /// Writes an image, normalised and planar, over all of `image`, and returns its label.
    fn sample(&self, index: usize, image: &mut [f32]) -> u32;
}

fn bad(path: &Path, message: impl Into<String>) -> Error {
    Error::Data { path: path.into(), message: message.into() }
}
