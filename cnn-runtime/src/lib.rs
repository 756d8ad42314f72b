//! Convolutional networks declared in Rust, checked and planned while rustc compiles them, and trained by ordinary
//! binaries.

pub mod data;
pub mod device;
pub mod engine;
pub mod error;
pub mod files;
pub mod network;
pub mod optim;
pub mod params;
pub mod plan;
pub mod rng;
pub mod session;
pub mod train;
#[cfg(feature = "trainer")]
pub mod trainer;
pub mod weights;

pub use error::{Error, Result};
