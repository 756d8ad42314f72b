//! The contract of engines, checked in one place for all of them: no safe call reaches memory that
//! is not the engine's.
//!
//! Kernels of a GPU check no address, so that what is wrong has to end here. A session asks for
//! nothing wrong: it answers what a user gets wrong itself, by errors.

use super::{Class, Engine, LossSums, Pass, PendingUpdate, Sizes};
use crate::{
    error::Result,
    plan::{Map, Steps},
};

/// An engine whose calls are checked against the sizes that it was made with.
///
/// # Panics
/// Every method panics on arguments that leave these sizes.
pub(crate) struct Checked<E> {
    engine: E,
    limits: Limits,
    has_stashed: bool,
}

impl<E: Engine> Checked<E> {
    /// An engine that was made with these sizes.
    pub(crate) fn new(engine: E, sizes: &Sizes) -> Checked<E> {
        Checked { engine, limits: Limits(*sizes), has_stashed: false }
    }
}

impl<E: Engine> Engine for Checked<E> {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        self.limits.range(class, offset, values.len());
        self.engine.write(class, offset, values)
    }

    fn finish(&mut self) -> Result<()> {
        self.engine.finish()
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        self.limits.range(class, offset, values.len());
        self.engine.read(class, offset, values)
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        self.limits.samples(pass, map, values.len());
        self.engine.write_map(pass, map, values)
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        self.limits.samples(pass, map, values.len());
        self.engine.read_map(pass, map, values)
    }

    fn write_labels(&mut self, labels: &[u32]) -> Result<()> {
        self.limits.labels(labels);
        self.engine.write_labels(labels)
    }

    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        self.limits.pass(pass);
        // SAFETY: the caller's promise is the same.
        unsafe { self.engine.run(pass, body) }
    }

    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()> {
        self.limits.losses(pass, losses);
        self.engine.add_losses(pass, losses)
    }

    fn take_losses(&mut self) -> Result<LossSums> {
        self.engine.take_losses()
    }

    fn update(&mut self, pending: &PendingUpdate) -> Result<()> {
        self.limits.update(pending);
        self.engine.update(pending)
    }

    unsafe fn train(
        &mut self,
        pass: &Pass,
        body: &(dyn Fn(&dyn Steps) + Sync),
        pending: &PendingUpdate,
    ) -> Result<()> {
        self.limits.pass(pass);
        self.limits.update(pending);
        // SAFETY: the caller's promise is the same.
        unsafe { self.engine.train(pass, body, pending) }
    }

    fn stash_gradients(&mut self) -> Result<()> {
        self.engine.stash_gradients()?;
        self.has_stashed = true;
        Ok(())
    }

    fn merge_stashed(&mut self, share: f32) -> Result<()> {
        assert!(self.has_stashed, "no gradients were stashed");
        self.engine.merge_stashed(share)
    }
}

/// The sizes of an engine as limits of its calls; every method panics on what exceeds them.
struct Limits(Sizes);

impl Limits {
    /// Checks that memory of a class holds `len` floats from `offset` on.
    fn range(&self, class: Class, offset: usize, len: usize) {
        let held = match class {
            Class::Params => self.0.params,
            Class::Grads => self.0.grads,
            Class::State => self.0.state,
        };
        assert!(
            offset.checked_add(len).is_some_and(|end| end <= held),
            "{class:?} {offset}..+{len}: the engine holds {held} floats of them"
        );
    }

    /// Checks that a pass stays within the batch and the arena.
    fn pass(&self, pass: &Pass) {
        let Pass { batch, arena, .. } = pass;
        assert!(
            (1..=self.0.batch).contains(batch),
            "a pass of {batch} samples, the engine takes {}",
            self.0.batch
        );
        assert!(
            arena.len(*batch) <= self.0.arena,
            "a pass exceeds the arena of {} floats: {batch} samples of {arena:?}",
            self.0.arena
        );
    }

    /// Checks a pass, and that a map lies in its slabs.
    fn map(&self, pass: &Pass, map: &Map) {
        self.pass(pass);
        let end = map.offset.checked_add(map.len());
        assert!(
            !map.is_empty() && end.is_some_and(|end| end <= pass.arena.slab),
            "{map:?} leaves a slab of {} floats",
            pass.arena.slab
        );
    }

    /// Checks a pass, and that `len` floats are a map of each of its samples.
    fn samples(&self, pass: &Pass, map: &Map, len: usize) {
        self.map(pass, map);
        let expected = pass.batch * map.len();
        assert!(len == expected, "{len} floats for {} samples, expected {expected}", pass.batch);
    }

    /// Checks a pass, and that the losses that it left are maps of its slabs: a loss and whether
    /// the sample was right.
    fn losses(&self, pass: &Pass, losses: &[Map]) {
        self.pass(pass);
        for map in losses {
            self.map(pass, map);
            assert!(map.len() >= 2, "{map:?} has no room for a loss and its correctness");
        }
    }

    /// Checks the number of labels and each of them.
    fn labels(&self, labels: &[u32]) {
        assert!(labels.len() <= self.0.batch, "{} labels, the engine takes {}", labels.len(), self.0.batch);
        let wrong = labels.iter().find(|&&label| label as usize >= self.0.classes);
        assert!(wrong.is_none(), "label {wrong:?}: there are {} classes", self.0.classes);
    }

    /// Checks that an update is one of the engine's parameters and that its state is there.
    fn update(&self, pending: &PendingUpdate) {
        let PendingUpdate { update, number, params } = pending;
        assert!(*number > 0, "updates count from 1");
        assert!(self.0.grads == self.0.params, "an engine for inference makes no update");
        let state = update.slots().checked_mul(self.0.params);
        assert!(
            state.is_some_and(|state| state <= self.0.state),
            "{} arrays of state: the engine holds {} floats of it",
            update.slots(),
            self.0.state
        );
        params.iter().for_each(|param| self.range(Class::Params, param.offset, param.len));
    }
}

#[cfg(test)]
mod tests;
