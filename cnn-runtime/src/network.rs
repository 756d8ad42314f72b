//! The trait that `network!` implements.

use crate::plan::{Description, Steps};

/// A network as the macro generates it: constant tables, and code that calls an engine step by step.
///
/// Implemented by `network!` only. A program uses it through [`crate::Session`] or a trainer.
///
/// # Safety
/// Engines trust the plan: kernels of a GPU check no address, and threads no overlap. Every step that a function calls has to stay
/// within the arena of its plan, `DESCRIPTION.train` for `forward` and `backward` and `DESCRIPTION.infer` for `infer`, and within
/// `DESCRIPTION.params_len`, and may write what it reads only where its description allows that.
pub unsafe trait Network: 'static {
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
