//! What a device provides: memory in three classes and an arena, and the steps of a pass.

mod checked;

use cnn_core::{Result, Targets};

use crate::{
    optim::{ParamRange, Update, UpdateScalars, ranges},
    plan::{Arena, Map, Param, Steps},
};
pub use checked::checked;

/// Memory that lives as long as the engine, of the lengths that [`Sizes`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Parameters, packed.
    Params,
    /// Gradients, packed alike, and behind them parts of those with several readers.
    Grads,
    /// State of the update: `Update::slots` arrays as long as the parameters, one after the other:
    /// those of the rule, and the running average behind them if there is one.
    State,
}

/// The sizes that an engine is created with, and the limits of every call of its methods.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Floats of the packed parameters.
    pub params: usize,
    /// Floats of the gradients: at least as many as parameters, or 0 for inference only.
    pub grads: usize,
    /// Floats of the update's state.
    pub state: usize,
    /// Floats of the arena: the largest of the plans at the largest batch.
    pub arena: usize,
    /// Samples in the largest batch.
    pub batch: usize,
    /// Numbers in the targets of that batch.
    pub targets: usize,
}

/// One pass over a batch.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Samples in this batch, at most `Sizes::batch`.
    pub batch: usize,
    /// The plan's memory. The fixed part starts behind the slabs of *this* batch.
    pub arena: Arena,
    /// Key of this step's dropout masks; `None` turns dropout off.
    pub key: Option<u64>,
}

/// An update that an engine is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PendingUpdate {
    /// What happens to the parameters.
    pub update: Update,
    /// The number of the update, from 1.
    pub number: u64,
    /// All parameters of the network.
    pub params: &'static [Param],
    /// What [`Engine::gradient_norm`] found, where it was asked: an update that limits the norm has
    /// to know it.
    pub norm: Option<f64>,
}

impl PendingUpdate {
    /// An update of a network's parameters that knows no norm.
    pub const fn new(update: Update, number: u64, params: &'static [Param]) -> PendingUpdate {
        PendingUpdate { update, number, params, norm: None }
    }

    /// The parameters that the update reaches, those that are treated alike together.
    pub fn ranges(&self) -> impl Iterator<Item = ParamRange> + use<> {
        ranges(self.update, self.params)
    }

    /// What is the same for all of them.
    pub fn scalars(&self) -> UpdateScalars {
        UpdateScalars::of(self)
    }
}

/// Sums over the samples of one or more passes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossSums {
    /// Sum of the samples' losses.
    pub loss: f64,
    /// Number of samples whose prediction was right.
    pub correct: u64,
}

/// A device with a network's memory on it.
///
/// Calls are in order; an engine may run them later, but `read*` and `take*` wait for all before
/// them.
///
/// An engine may trust its arguments: whoever makes one checks every call first, and answers what
/// leaves its memory by [`crate::Error::Usage`]. One that checks addresses itself needs nothing of
/// what the callers of its unsafe methods promise.
pub trait Engine: Send {
    /// Writes packed values at an offset.
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()>;

    /// Returns when all that was asked before is done.
    fn finish(&mut self) -> Result<()>;

    /// Reads packed values at an offset.
    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()>;

    /// Writes `pass.batch` samples, one after the other in `values` and each in storage order of
    /// `map`, to their slabs.
    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()>;

    /// Reads `pass.batch` samples, each `map.len()` floats in storage order.
    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()>;

    /// Sets the targets of the batch, which its [`crate::plan::Loss`] steps compare outputs with:
    /// [`crate::plan::TargetKind::len`] numbers for each sample, from the first on.
    fn write_targets(&mut self, targets: Targets) -> Result<()>;

    /// Runs generated code.
    ///
    /// # Safety
    /// The steps of `body` are those of a plan with `pass.arena` and with as many parameters as the
    /// engine was made for, as [`crate::network::Network`] demands, and the targets of the batch
    /// are written if they read any.
    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()>;

    /// Adds what the [`crate::plan::Loss`] steps of a pass left in `losses`, the main one first, to
    /// the engine's sums: the losses of all, and how many samples the main one counts as right.
    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()>;

    /// The sums of all calls of [`Engine::add_losses`] since the last call; NaN if a loss was.
    fn take_losses(&mut self) -> Result<LossSums>;

    /// The Euclidean norm of the gradients of all trained parameters; NaN if one is.
    fn gradient_norm(&mut self, pending: &PendingUpdate) -> Result<f64>;

    /// Makes the update that the gradients lead to, in one pass over memory.
    fn update(&mut self, pending: &PendingUpdate) -> Result<()>;

    /// [`Engine::run`] with the steps of a training pass, and [`Engine::update`] by an update that
    /// knows no norm. As nobody else wants the gradients, the engine need not hold those of
    /// parameters with [`Param::fused_update`].
    ///
    /// # Safety
    /// As for [`Engine::run`].
    unsafe fn train(
        &mut self,
        pass: &Pass,
        body: &(dyn Fn(&dyn Steps) + Sync),
        pending: &PendingUpdate,
    ) -> Result<()> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.run(pass, body) }?;
        self.update(pending)
    }

    /// Keeps the gradients, and lets the next backward pass write to other memory, which is taken
    /// the first time.
    fn stash_gradients(&mut self) -> Result<()>;

    /// `gradients = share * gradients + (1 - share) * stashed gradients`
    fn merge_stashed(&mut self, share: f32) -> Result<()>;

    /// Another engine of the same sizes, but for inference alone, on the parameters of this one.
    /// While there are two, neither is asked to write or to update them.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if there is too little memory.
    fn share(&self) -> Result<Box<dyn Engine>>;
}
