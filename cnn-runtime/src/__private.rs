//! The whole contract with generated code: what `network!` writes paths to.

pub use cnn_macros::compile;

pub use crate::{
    network::Network,
    optim::{Adadelta, Adagrad, Adam, AdamW, Clip, Optimizer, RmsProp, Schedule, ScheduleKind, Sgd, Update},
    plan::*,
};
