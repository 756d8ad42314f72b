//! The engines under test.

use cnn_runtime::{
    Result,
    engine::{Engine, Sizes},
};

/// One engine in variants that must agree to the last bit, such as thread counts.
pub(crate) struct Backend {
    pub(crate) name: String,
    pub(crate) variants: Vec<Make>,
}

/// Creates an engine.
pub(crate) type Make = Box<dyn Fn(&Sizes) -> Result<Box<dyn Engine>> + Send + Sync>;

/// Every engine that this machine can run.
pub(crate) fn backends() -> &'static [Backend] {
    &[]
}
