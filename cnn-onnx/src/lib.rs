//! ONNX: the messages of the format, and a network's graph of inference as such a model.
//!
//! [`Model::new`] translates what [`Description::graph`](cnn_plan::tables::Description::graph) says,
//! operation by operation, into nodes of operator set 17; [`Model::write`] hands out the bytes of
//! the file, with the values of the parameters part by part, so that they are never in memory
//! together. Equal networks with equal values make equal bytes.
//!
//! A batch may have any size: it is a named dimension of what enters and leaves, and no constant
//! holds it. Nodes have the names of layers; a layer that takes several nodes gives its name to the
//! last one, and the others are `LAYER/Operator`. Initializers that are parameters have the names
//! of these, as torch's state dict has them.
//!
//! Users find this as `cnn_runtime::onnx`; the crate is for the crates of this workspace, and may
//! change with every release.

#![forbid(unsafe_code)]

mod builder;
mod encode;
mod fold;
pub mod messages;
mod model;
mod preprocessing;
mod translate;
mod values;

pub use model::{LARGEST, Model, Options};
pub use values::Read;
