//! Data sets: where images and labels come from, how they are split, prepared, and brought to a network in batches.
//!
//! ```text
//! Dataset (stored images) → Preparation (size, augmentation, values) → Batches (order, threads) → Session
//! ```
//!
//! An index means the same image in every run, and what an epoch sees is a pure function of (seed, epoch): threads change
//! nothing but the time.
//!
//! A data set of one's own, and a training run on it:
//!
//! ```
//! use std::sync::Arc;
//! use cnn_runtime::data::{Batches, Dataset, Image, Prepared, Tolerance};
//! use cnn_runtime::train::{Fit, evaluate};
//! use cnn_runtime::{Device, Model, Options, Result, Session, network};
//!
//! /// Stripes that lie, and stripes that stand.
//! struct Stripes;
//!
//! impl Dataset for Stripes {
//!     fn len(&self) -> usize {
//!         64
//!     }
//!
//!     fn classes(&self) -> usize {
//!         2
//!     }
//!
//!     fn read(&self, index: usize, image: &mut Image) -> Result<u32> {
//!         let label = index % 2;
//!         for (at, value) in image.reshape([1, 8, 8]).iter_mut().enumerate() {
//!             let line = index / 2 + if label == 0 { at / 8 } else { at % 8 };
//!             *value = if line % 2 == 0 { 255.0 } else { 0.0 };
//!         }
//!         Ok(label as u32)
//!     }
//! }
//!
//! network! {
//!     Tiny<[1, 8, 8] -> 2> { input -> conv1: conv(8, 3) -> relu -> global_avg_pool -> flatten -> fc: dense(2) }
//! }
//!
//! let model = Model::of::<Tiny>();
//! let indices: Vec<u32> = (0..64).collect();
//! let (data, _) = Prepared::fit(Arc::new(Stripes), model.description(), &indices, Arc::new(Tolerance::none()))?;
//! let (mut training, mut validation) = (Batches::new(&data, indices, 8), Batches::all(&data, 8));
//! let options = Options::train(&model).batch(8);
//! let mut session = Session::new(model, &Device::cpu()?, &options)?;
//! Fit::new(1, 0).run(&mut session, &mut training, &mut validation)?;
//! assert_eq!(evaluate(&mut session, &mut validation)?.images, 64);
//! # Ok::<(), cnn_runtime::Error>(())
//! ```

mod augment;
mod batches;
mod cifar;
mod decode;
#[cfg(feature = "download")]
pub mod download;
mod files;
mod folder;
mod geometry;
mod idx;
mod image;
mod mnist;
mod prepare;
mod prepared;
mod relabelled;
mod split;
mod threads;
mod tolerance;

use std::path::Path;

pub use batches::{Batch, Batches};
pub use cifar::{Cifar, CifarKind};
pub use decode::decode;
pub use files::Files;
pub use folder::{Folder, FolderParts};
pub use image::Image;
pub use mnist::{Mnist, Part};
pub use prepare::Preparation;
pub use prepared::Prepared;
pub use relabelled::relabelled;
pub use split::{Split, sample, split};
pub use tolerance::Tolerance;

use crate::error::{Error, Result};

/// Labelled images.
pub trait Dataset: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;

    /// True without images.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of classes; labels are below it.
    fn classes(&self) -> usize;

    /// What people call a class.
    fn class_name(&self, class: usize) -> String {
        class.to_string()
    }

    /// `[C, H, W]`, if all images have one shape.
    fn shape(&self) -> Option<[usize; 3]> {
        None
    }

    /// True if [`Dataset::read`] only copies.
    fn in_memory(&self) -> bool {
        false
    }

    /// Replaces `image` by the image with this index, as it is stored, and returns its label. Called from many threads.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming a file that cannot be used; such images can be skipped.
    fn read(&self, index: usize, image: &mut Image) -> Result<u32>;
}

fn bad(path: &Path, message: impl Into<String>) -> Error {
    Error::Data { path: path.into(), message: message.into() }
}
