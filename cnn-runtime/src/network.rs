//! The trait that `network!` implements.

use crate::plan::{Description, Steps};

/// A network as the macro generates it: constant tables, and code that calls an engine step by step.
///
/// Implemented by `network!` only. A program uses it through [`crate::Session`] or [`crate::trainer`].
pub trait Network: 'static {
    /// Shapes, parameters, memory plans and defaults.
    const DESCRIPTION: Description;

    /// Class scores of a batch, with every layer in inference mode.
    fn infer(run: &dyn Steps);

    /// The training-mode forward pass, up to the losses and the gradient of the scores.
    fn forward(run: &dyn Steps);

    /// Gradients of every trainable parameter.
    fn backward(run: &dyn Steps);
}

/// A [`Network`] without its type, so that everything else is compiled once.
#[derive(Clone, Copy)]
pub struct Model {
    /// The network's tables.
    pub description: &'static Description,
    pub(crate) infer: fn(&dyn Steps),
    pub(crate) forward: fn(&dyn Steps),
    pub(crate) backward: fn(&dyn Steps),
}

impl Model {
    /// The model of a generated network.
    pub const fn of<N: Network>() -> Model {
        Model { description: &N::DESCRIPTION, infer: N::infer, forward: N::forward, backward: N::backward }
    }
}
