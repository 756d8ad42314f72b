//! The whole contract with generated code: what `network!` writes paths to.

pub use cnn_macros::compile;

pub use crate::{
    network::Network,
    optim::{Adadelta, Adagrad, Adam, AdamW, Clip, Optimizer, RmsProp, Schedule, ScheduleKind, Sgd, Update},
    plan::*,
};

/// The description of a network with errors, which only lets the rest of the program compile.
pub const UNFINISHED: Description = Description {
    name: "",
    input: [0; 3],
    classes: 0,
    params: &[],
    params_len: 0,
    layers: &[],
    graph: &[],
    train: NO_PLAN,
    infer: NO_PLAN,
    training: Training {
        update: Update::new(Optimizer::Sgd(Sgd::DEFAULT)),
        schedule: Schedule::CONSTANT,
        batch: 0,
        accumulate: 1,
        epochs: 0,
        loss: LossKind::CROSS_ENTROPY,
    },
    data: None,
    augment: &[],
};

const NO_PLAN: Plan = Plan { arena: Arena { slab: 0, fixed: 0 }, input: NO_MAP, logits: NO_MAP, losses: &[] };

const NO_MAP: Map = Map { offset: 0, channels: 0, height: 0, width: 0, layout: Layout::Planar };
