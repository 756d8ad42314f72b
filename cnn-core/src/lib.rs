//! What the parts of `cnn-runtime` share and none of them owns.
//!
//! Users find [`Error`], [`Targets`], [`Tensor`] and [`DataInfo`] in `cnn-runtime`; the rest is for the crates of
//! this workspace, and may change with every release.

mod data_info;
mod error;
pub mod files;
pub mod floats;
pub mod reserve;
pub mod rng;
mod targets;
mod tensor;
mod value_stage;

pub use data_info::{DataInfo, is_statistic};
pub use error::{DeviceError, Error, Remedy, Result};
pub use targets::Targets;
pub use tensor::Tensor;
pub use value_stage::ValueStage;
