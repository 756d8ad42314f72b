//! Data sets: where images and their targets come from, how they are split, prepared, and brought to a
//! network in batches.
//!
//! ```text
//! Dataset (stored images) → Preparation (size, augmentation, values)
//!                         → Batches (order, threads) → Session
//! ```
//!
//! An index means the same image in every run, and what an epoch sees is a pure function of (seed,
//! epoch): threads change nothing but the time.
//!
//! A data set of one's own, and a training run on it:
//!
//! ```
//! use std::sync::Arc;
//! use cnn_runtime::data::{Batches, Dataset, Image, Prepared, SkipPolicy, Target};
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
//!     fn outputs(&self) -> usize {
//!         2
//!     }
//!
//!     fn read(&self, index: usize, image: &mut Image) -> Result<Target> {
//!         let label = index % 2;
//!         for (at, value) in image.reshape([1, 8, 8])?.iter_mut().enumerate() {
//!             let line = index / 2 + if label == 0 { at / 8 } else { at % 8 };
//!             *value = if line % 2 == 0 { 255.0 } else { 0.0 };
//!         }
//!         Ok(Target::Class(label as u32))
//!     }
//! }
//!
//! network! {
//!     Tiny<[1, 8, 8] -> 2> {
//!         input -> conv1: conv(8, 3) -> relu -> global_avg_pool -> flatten -> fc: dense(2)
//!     }
//! }
//!
//! let model = Model::of::<Tiny>();
//! let indices: Vec<u32> = (0..64).collect();
//! let data = Prepared::fit(Arc::new(Stripes), model.description(), &indices, SkipPolicy::none())?;
//! let (mut training, mut validation) = (Batches::new(&data, indices, 8)?, Batches::all(&data, 8)?);
//! let options = Options::train(&model).batch(8);
//! let mut session = Session::new(model, &Device::cpu()?, &options)?;
//! Fit::new(1, 0).run(&mut session, &mut training, &mut validation)?;
//! assert_eq!(evaluate(&mut session, &mut validation)?.images, 64);
//! # Ok::<(), cnn_runtime::Error>(())
//! ```

mod augment;
mod batches;
mod budget;
mod cifar;
mod class_order;
mod decode;
mod decoded;
#[cfg(feature = "download")]
pub mod download;
mod folder;
mod geometry;
mod idx;
mod idx_folder;
mod image;
mod image_files;
mod in_memory;
mod mnist;
mod prepare;
mod prepared;
mod skip_policy;
mod split;
mod table;
mod target;
mod threads;

use std::path::Path;

pub use batches::{Batch, Batches};
pub use cifar::{Cifar, CifarKind};
pub use class_order::{TakenOutput, UnknownClass, are_taken_in_order, with_class_order, with_new_classes};
pub use decode::decode;
pub use folder::{Folder, FolderParts, LeftOut};
pub use idx_folder::IdxFolder;
pub use image::Image;
pub use image_files::ImageFiles;
pub use in_memory::{InMemory, TargetArray};
pub use mnist::{Mnist, Part};
pub use prepare::Preparation;
pub use prepared::{Prepared, check_files};
pub use skip_policy::SkipPolicy;
pub use split::{Split, sample, split};
pub use table::{Table, TableParts};
pub use target::Target;

pub use cnn_core::ValueStage;
use cnn_core::{Error, Result, reserve::reserve, rng::mix};
pub use cnn_plan::TargetKind;

/// Images with their targets, each under an index.
pub trait Dataset: Send + Sync {
    /// The number of images.
    fn len(&self) -> usize;

    /// True without images.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the target of every image is.
    fn target(&self) -> TargetKind {
        TargetKind::Class
    }

    /// The number of classes, of values or of labels: a network for these images has as many
    /// outputs.
    fn outputs(&self) -> usize;

    /// What people call a class, a value or a label; a number that is none has no other name.
    fn output_name(&self, output: usize) -> String {
        output.to_string()
    }

    /// The shape `[C, H, W]`, if all images have one.
    fn shape(&self) -> Option<[usize; 3]> {
        None
    }

    /// True if [`Dataset::read`] only copies.
    fn in_memory(&self) -> bool {
        false
    }

    /// Replaces `image` by the image with this index, as it is stored, and returns its target,
    /// which is as [`Dataset::target`] says. Many threads call it at a time.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming a file that cannot be used; such images can be skipped.
    /// [`Error::Usage`] for an index that is not below [`Dataset::len`].
    fn read(&self, index: usize, image: &mut Image) -> Result<Target>;

    /// Looks whether the image with this index can be read, as far as that costs much less than
    /// reading it: before a run that meets it after hours. Many threads call it at a time.
    ///
    /// # Errors
    ///
    /// As [`Dataset::read`].
    fn check(&self, _index: usize) -> Result<()> {
        Ok(())
    }

    /// A number by which an image and its target are known again, in another run too: by it one that
    /// is resumed finds that the data set changed. Nothing if there is none that costs much less than
    /// decoding the image. Many threads call it at a time.
    fn identity(&self, _index: usize) -> Option<u64> {
        None
    }
}

/// An [`Error::Data`] about a file or a folder.
fn bad(path: &Path, message: impl Into<String>) -> Error {
    Error::Data { path: path.into(), message: message.into() }
}

/// The error about an index that no image has.
fn beyond(index: usize, len: usize) -> Error {
    Error::Usage(format!("image {index}: expected an index below the number of images, {len}"))
}

/// The indices of this many images.
///
/// # Errors
///
/// [`Error::Usage`] if there are more than a u32 counts, [`Error::Device`] if there is no memory
/// for them.
fn all_indices(count: usize) -> Result<Vec<u32>> {
    let end = u32::try_from(count);
    let end =
        end.map_err(|_| Error::Usage(format!("expected at most {} images, found {count}", u32::MAX)))?;
    let mut indices = Vec::new();
    reserve(&mut indices, count, "the indices of the images")?;
    indices.extend(0..end);
    Ok(indices)
}

/// The identity of an image by its bytes and its target.
fn identity(target: u32, bytes: &[u8]) -> u64 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    mix(u64::from(target) << 32 | u64::from(crc.sum()))
}

/// Makes room for the contents of a file.
///
/// # Errors
///
/// [`Error::Data`] if there is no memory for them.
fn room(contents: &mut Vec<u8>, path: &Path, bytes: u64) -> Result<()> {
    let reserved = usize::try_from(bytes).is_ok_and(|bytes| contents.try_reserve_exact(bytes).is_ok());
    if reserved { Ok(()) } else { Err(bad(path, format!("too large: there is no memory for {bytes} bytes"))) }
}
