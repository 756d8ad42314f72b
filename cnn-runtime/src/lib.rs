//! Convolutional networks declared in Rust, checked and planned while rustc compiles them, and trained by ordinary
//! binaries.
//!
//! [`network!`] turns a declaration into a type that implements [`Network`]: tables and straight-line code, with every
//! shape known, the gradients derived and the memory planned. A [`Session`] holds such a network on a [`Device`];
//! with the feature `trainer`, `trainer::main` makes a whole command-line trainer of it.
//!
//! ```
//! use cnn_runtime::{Device, Model, Options, Session, network};
//!
//! network! {
//!     /// Two convolutions for tiny images.
//!     Tiny<[1, 8, 8] -> 3> {
//!         input -> conv1: conv(8, 3) -> relu -> max_pool(2) -> flatten -> fc: dense(3)
//!     }
//! }
//!
//! let model = Model::of::<Tiny>();
//! assert_eq!(model.description.parameter_count(), 8 * 9 + 8 + 3 * 72 + 3);
//!
//! let options = Options { batch: 2, training: Some(model.description.training.update), seed: 0 };
//! let mut session = Session::new(model, &Device::cpu()?, &options)?;
//! session.train_step(&[0.5; 2 * 64], &[0, 2])?;
//! let mut scores = [0.0; 3];
//! session.infer(&[0.5; 64], &mut scores)?;
//! # Ok::<(), cnn_runtime::Error>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "data")]
pub mod checkpoint;
pub mod cpu;
#[cfg(feature = "data")]
pub mod data;
pub mod device;
pub mod engine;
pub mod error;
pub mod files;
pub mod network;
pub mod opencl;
pub mod optim;
pub mod params;
pub mod rng;
pub mod session;
#[cfg(feature = "data")]
pub mod train;
#[cfg(feature = "trainer")]
pub mod trainer;
#[cfg(feature = "visualize")]
pub mod visualize;
pub mod watch;
pub mod weights;

pub use cnn_macros::network;
#[doc(hidden)]
pub use cnn_plan as plan;
pub use device::Device;
pub use error::{Error, Result};
pub use network::{Model, Network};
pub use session::{Metrics, Options, Session};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
