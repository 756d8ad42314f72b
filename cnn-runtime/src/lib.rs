//! Convolutional networks declared in Rust, checked and planned while rustc compiles them, and trained by ordinary
//! binaries.

pub mod cpu;
pub mod engine;
pub mod error;
pub mod network;
pub mod opencl;
pub mod optim;
pub mod params;
pub mod plan;
pub mod rng;

pub use error::{Error, Result};
