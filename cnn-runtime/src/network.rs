//! Networks: the trait that `network!` implements, the value that stands for one, and its tables.

use std::fmt;

use crate::plan::Steps;
pub use crate::plan::{
    Arena, Augment, Description, Init, Layer, LossKind, Map, Meaning, Param, Plan, Port, Prepare, Role,
    TargetKind, Training,
};

/// A network as the macro generates it: constant tables, and code that calls an engine step by
/// step.
///
/// Only `network!` implements this trait. A program names the type of a network where it makes a
/// [`Model`] of it, or hands it to the trainer.
///
/// # Safety
/// Engines trust the plan: kernels of a GPU check no address, and threads no overlap. Every step
/// that a function calls has to stay within the arena of its plan, `DESCRIPTION.train` for
/// `forward` and `backward` and `DESCRIPTION.infer` for `infer`, and within
/// `DESCRIPTION.params_len`, and may write what it reads only where its description allows that.
pub unsafe trait Network: 'static {
    /// Shapes, parameters, memory plans and defaults.
    #[doc(hidden)]
    const DESCRIPTION: Description;

    /// The outputs of a batch, with every layer in inference mode.
    #[doc(hidden)]
    fn infer(run: &dyn Steps);

    /// The training-mode forward pass, up to the losses and the gradient of the scores.
    #[doc(hidden)]
    fn forward(run: &dyn Steps);

    /// Gradients of every trainable parameter.
    #[doc(hidden)]
    fn backward(run: &dyn Steps);
}

/// A [`Network`] without its type, so that everything else is compiled once.
///
/// Its tables belong to its code, and engines rely on that, so neither can be exchanged for that of
/// another network:
///
/// ```compile_fail,E0616
/// # fn example(mut large: cnn_runtime::Model, small: cnn_runtime::Model) {
/// large.description = small.description();
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Model {
    description: &'static Description,
    pub(crate) infer: fn(&dyn Steps),
    pub(crate) forward: fn(&dyn Steps),
    pub(crate) backward: fn(&dyn Steps),
}

impl Model {
    /// The model of a generated network.
    pub const fn of<N: Network>() -> Model {
        Model { description: &N::DESCRIPTION, infer: N::infer, forward: N::forward, backward: N::backward }
    }

    /// The network's tables: shapes, parameters, memory plans and defaults.
    pub const fn description(&self) -> &'static Description {
        self.description
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Model").field(&self.description.name).finish()
    }
}

/// Models are constants, so that every thread may hold one.
const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Model>();
};
