//! Optimizers: how an update rule runs over the parameters, and what the learning rate of each update is.
//!
//! The rules and the schedules themselves are data of `cnn-plan`, which the compiler writes them in.

mod moment;
mod rate;
mod stretch;

pub use cnn_plan::optim::*;
pub(crate) use moment::{Moment, corrections};
pub use rate::{Plateau, Rate};
pub(crate) use stretch::{Stretch, stretch, stretches};
