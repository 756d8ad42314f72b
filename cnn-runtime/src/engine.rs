//! What a device provides: memory in three classes and an arena, and the steps of a pass.

use crate::{
    error::Result,
    optim::Update,
    plan::{Arena, Map, Param, Steps},
};

/// Memory that lives as long as the engine; each is as long as the packed parameters, the state a few times that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Parameters, packed.
    Params,
    /// Gradients, packed alike.
    Grads,
    /// State of the update: `Update::slots` arrays as long as the parameters, one after the other.
    State,
}

/// Floats an engine is created with.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Packed parameters; the gradients are as long in training.
    pub params: usize,
    /// Gradients: as the parameters, or 0 for inference only.
    pub grads: usize,
    /// State of the update.
    pub state: usize,
    /// Arena: the largest of the plans at the largest batch.
    pub arena: usize,
    /// Samples in the largest batch.
    pub batch: usize,
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

/// An update that is due.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    /// What happens in it.
    pub update: Update,
    /// Its number, from 1.
    pub number: u64,
    /// All parameters.
    pub params: &'static [Param],
}

/// Sums over samples.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossSums {
    /// Of losses.
    pub loss: f64,
    /// Of correct ones.
    pub correct: u64,
}

/// A device with a network's memory on it.
///
/// Calls are in order; an engine may run them later, but `read*` and `take*` wait for all before them.
pub trait Engine: Send {
    /// Writes packed values at an offset.
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()>;

    /// Returns when all that was asked before is done.
    fn finish(&mut self) -> Result<()>;

    /// Reads packed values at an offset.
    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()>;

    /// Writes `pass.batch` samples, one after the other in `values` and each in storage order of `map`, to their slabs.
    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()>;

    /// Reads `pass.batch` samples, each `map.len()` floats in storage order.
    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()>;

    /// Sets the labels of the batch.
    fn write_labels(&mut self, labels: &[u32]) -> Result<()>;

    /// Runs generated code.
    ///
    /// # Safety
    /// The steps of `body` are those of a plan with `pass.arena` and with as many parameters as the engine was made for, as
    /// [`crate::network::Network`] demands.
    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()>;

    /// Adds to the engine's sums what a pass left in `losses`, the main one first: all losses, but correctness of the main one.
    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()>;

    /// What [`Engine::add_losses`] has added up since the last call; NaN if a loss was.
    fn take_losses(&mut self) -> Result<LossSums>;

    /// Makes the update that the gradients lead to, in one pass over memory.
    fn update(&mut self, due: &Due) -> Result<()>;

    /// [`Engine::run`] with the steps of a training pass, and [`Engine::update`]. As nobody else wants the gradients, the engine need
    /// not hold those of parameters with [`Param::at_once`].
    ///
    /// # Safety
    /// As for [`Engine::run`].
    unsafe fn train(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync), due: &Due) -> Result<()> {
        // SAFETY: the caller's promise is the same.
        unsafe { self.run(pass, body) }?;
        self.update(due)
    }

    /// Sets the gradients aside, and lets the next backward pass write to other memory, which is taken the first time.
    fn set_aside(&mut self) -> Result<()>;

    /// `gradients = share * gradients + (1 - share) * those set aside`
    fn merge(&mut self, share: f32) -> Result<()>;
}
