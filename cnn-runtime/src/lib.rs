//! Convolutional networks declared in Rust, checked and planned while rustc compiles them, and
//! trained by ordinary binaries.
//!
//! [`network!`] turns a declaration into a type that implements [`Network`]: tables and
//! straight-line code, with every shape known, the gradients derived and the memory planned. A
//! [`Session`] holds such a network on a [`Device`]; with the feature `trainer`, `trainer::main`
//! makes a whole command-line trainer of it.
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
//! assert_eq!(model.description().parameter_count(), 8 * 9 + 8 + 3 * 72 + 3);
//!
//! let mut session = Session::new(model, &Device::cpu()?, &Options::train(&model).batch(2))?;
//! session.train_step(&[0.5; 2 * 64], &[0, 2])?;
//! let mut scores = [0.0; 3];
//! session.infer(&[0.5; 64], &mut scores)?;
//! # Ok::<(), cnn_runtime::Error>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc = include_str!("language.md")]
#[macro_export]
macro_rules! network {
    ($($network:tt)*) => { $crate::__private::compile! { [$crate] $($network)* } };
}

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod __testing;
pub mod backend;
#[cfg(feature = "data")]
pub mod checkpoint;
#[allow(unreachable_pub, reason = "what tests call is public in `__testing`")]
mod cpu;
pub mod device;
#[allow(unreachable_pub, reason = "what tests call is public in `__testing`")]
mod engine;
#[cfg(feature = "data")]
mod history;
mod loss;
pub mod network;
#[cfg(feature = "onnx")]
pub mod onnx;
#[cfg(feature = "opencl")]
#[allow(unreachable_pub, reason = "what tests call is public in `__testing`")]
mod opencl;
#[cfg(not(feature = "opencl"))]
#[allow(unreachable_pub, reason = "what tests call is public in `__testing`")]
#[path = "opencl/absent.rs"]
mod opencl;
pub mod optim;
#[allow(unreachable_pub, reason = "what tests call is public in `__testing`")]
mod params;
#[cfg(feature = "data")]
mod prediction;
mod predictor;
mod session;
#[cfg(feature = "data")]
pub mod train;
#[cfg(feature = "trainer")]
pub mod trainer;
#[cfg(feature = "visualize")]
pub mod visualize;
pub mod watch;
pub mod weights;

pub use cnn_core::{DeviceError, Error, Remedy, Result, Targets};
#[cfg(feature = "data")]
#[doc(inline)]
pub use cnn_data as data;
pub use cnn_plan as plan;
pub use device::{Device, DeviceChoice};
pub use network::{Model, Network};
#[cfg(feature = "data")]
pub use prediction::Prediction;
pub use predictor::Predictor;
pub use session::{Answers, Metrics, Options, OwnLoss, Session};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
