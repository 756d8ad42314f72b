//! Optimizers: how an update rule runs over the parameters, and what the learning rate of each
//! update is.
//!
//! The rules and the schedules themselves are data of `cnn-plan`, which the compiler writes them
//! in.

mod range;
mod rate;
mod scalars;

pub use cnn_plan::optim::*;
pub use range::ParamRange;
pub(crate) use range::{range_of, ranges};
pub use rate::{Plateau, Rate};
pub use scalars::{UpdateScalars, corrections};
