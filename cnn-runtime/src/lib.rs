//! Convolutional networks declared in Rust, checked and planned while rustc compiles them, and trained by ordinary
//! binaries.

pub mod engine;
pub mod error;
pub mod network;
pub mod optim;
pub mod params;
pub mod plan;
pub mod rng;

pub use error::{Error, Result};

/// What generated code names; no part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::{
        network::Network,
        optim::{Adadelta, Optimizer, Sgd},
        plan::*,
    };

    /// Stands for a network that the macro rejected.
    pub const UNFINISHED: Description = Description {
        name: "",
        input: [0; 3],
        classes: 0,
        params: &[],
        params_len: 0,
        layers: &[],
        train: NOTHING,
        infer: NOTHING,
        training: Training {
            optimizer: Optimizer::Sgd(Sgd { lr: 0.0, momentum: 0.0, nesterov: false, weight_decay: 0.0 }),
            batch: 0,
            epochs: 0,
        },
    };

    const NOTHING: Plan =
        Plan { arena: Arena { slab: 0, fixed: 0 }, input: NOWHERE, logits: NOWHERE, losses: &[] };

    const NOWHERE: Map = Map { offset: 0, channels: 0, height: 0, width: 0, layout: Layout::Planar };
}
