//! The contract of engines, checked in one place for all of them: no safe call reaches memory that
//! is not the engine's.
//!
//! Kernels of a GPU check no address, so that what is wrong has to end here. A session asks for
//! nothing wrong: it answers what a user gets wrong itself, by errors.

use std::sync::Arc;

use cnn_core::{Error, Result, Targets};

use super::{Class, Engine, LossSums, Pass, PendingUpdate, Sizes};
use crate::{
    optim::Clip,
    plan::{BLOCK, Map, Steps},
};

/// Floats that a loss step leaves for each sample: the loss, and whether the sample was right.
const LOSS_LEN: usize = 2;

/// An engine that was made with these sizes, whose calls are checked against them: every method
/// answers arguments that leave them by [`Error::Usage`], and so does what would change parameters
/// that other engines read.
pub fn checked(engine: Box<dyn Engine>, sizes: &Sizes) -> Box<dyn Engine> {
    Box::new(Checked { engine, limits: Limits(*sizes), has_stashed: false, users: Arc::new(()) })
}

struct Checked {
    engine: Box<dyn Engine>,
    limits: Limits,
    has_stashed: bool,
    /// As many as there are engines on the parameters. Dropped behind the engine.
    users: Arc<()>,
}

impl Checked {
    /// Refuses a change of parameters that another engine may be reading.
    fn check_own(&mut self) -> Result<()> {
        // What an engine read that is gone happened before: unlike the count, this synchronises.
        match Arc::get_mut(&mut self.users) {
            Some(()) => Ok(()),
            None => {
                refused("the parameters are shared, and cannot change while another session uses them".into())
            }
        }
    }
}

impl Engine for Checked {
    fn write(&mut self, class: Class, offset: usize, values: &[f32]) -> Result<()> {
        self.limits.range(class, offset, values.len())?;
        if class == Class::Params {
            self.check_own()?;
        }
        self.engine.write(class, offset, values)
    }

    fn finish(&mut self) -> Result<()> {
        self.engine.finish()
    }

    fn read(&mut self, class: Class, offset: usize, values: &mut [f32]) -> Result<()> {
        self.limits.range(class, offset, values.len())?;
        self.engine.read(class, offset, values)
    }

    fn write_map(&mut self, pass: &Pass, map: &Map, values: &[f32]) -> Result<()> {
        self.limits.samples(pass, map, values.len())?;
        self.engine.write_map(pass, map, values)
    }

    fn read_map(&mut self, pass: &Pass, map: &Map, values: &mut [f32]) -> Result<()> {
        self.limits.samples(pass, map, values.len())?;
        self.engine.read_map(pass, map, values)
    }

    fn write_targets(&mut self, targets: Targets) -> Result<()> {
        self.limits.targets(targets)?;
        self.engine.write_targets(targets)
    }

    unsafe fn run(&mut self, pass: &Pass, body: &(dyn Fn(&dyn Steps) + Sync)) -> Result<()> {
        self.limits.pass(pass)?;
        // SAFETY: the caller's promise is the same.
        unsafe { self.engine.run(pass, body) }
    }

    fn add_losses(&mut self, pass: &Pass, losses: &[Map]) -> Result<()> {
        losses.iter().try_for_each(|map| self.limits.map(pass, map, LOSS_LEN))?;
        self.engine.add_losses(pass, losses)
    }

    fn take_losses(&mut self) -> Result<LossSums> {
        self.engine.take_losses()
    }

    fn gradient_norm(&mut self, pending: &PendingUpdate) -> Result<f64> {
        self.limits.params(pending)?;
        self.engine.gradient_norm(pending)
    }

    fn update(&mut self, pending: &PendingUpdate) -> Result<()> {
        self.limits.update(pending)?;
        self.check_own()?;
        self.engine.update(pending)
    }

    unsafe fn train(
        &mut self,
        pass: &Pass,
        body: &(dyn Fn(&dyn Steps) + Sync),
        pending: &PendingUpdate,
    ) -> Result<()> {
        self.limits.pass(pass)?;
        self.limits.update(pending)?;
        self.check_own()?;
        // SAFETY: the caller's promise is the same.
        unsafe { self.engine.train(pass, body, pending) }
    }

    fn stash_gradients(&mut self) -> Result<()> {
        self.engine.stash_gradients()?;
        self.has_stashed = true;
        Ok(())
    }

    fn merge_stashed(&mut self, share: f32) -> Result<()> {
        if !self.has_stashed {
            return refused("no gradients were stashed".into());
        }
        self.engine.merge_stashed(share)
    }

    fn share(&self) -> Result<Box<dyn Engine>> {
        let limits = Limits(Sizes { grads: 0, state: 0, ..self.limits.0 });
        let (engine, users) = (self.engine.share()?, self.users.clone());
        Ok(Box::new(Checked { engine, limits, has_stashed: false, users }))
    }
}

/// The sizes of an engine as limits of its calls; every method refuses what exceeds them.
struct Limits(Sizes);

impl Limits {
    /// Checks that a class of memory holds `len` floats from `offset` on.
    fn range(&self, class: Class, offset: usize, len: usize) -> Result<()> {
        let held = match class {
            Class::Params => self.0.params,
            Class::Grads => self.0.grads,
            Class::State => self.0.state,
        };
        match offset.checked_add(len) {
            Some(end) if end <= held => Ok(()),
            _ => refused(format!(
                "{class:?}: expected places below {held}, found {len} floats from {offset} on"
            )),
        }
    }

    /// Checks that a pass stays within the batch and the arena.
    fn pass(&self, pass: &Pass) -> Result<()> {
        let &Pass { batch, arena, .. } = pass;
        if !(1..=self.0.batch).contains(&batch) {
            return refused(format!("expected a pass of 1 to {} samples, found {batch}", self.0.batch));
        }
        if arena.len(batch) > self.0.arena {
            let held = self.0.arena;
            return refused(format!(
                "expected an arena of {held} floats, found {batch} samples of {arena:?}"
            ));
        }
        Ok(())
    }

    /// Checks a pass, and that a map of at least `len` floats lies in the slab of each of its
    /// samples.
    fn map(&self, pass: &Pass, map: &Map, len: usize) -> Result<()> {
        self.pass(pass)?;
        let slab = pass.arena.slab;
        match map.offset.checked_add(map.len()) {
            Some(end) if end <= slab && map.len() >= len => Ok(()),
            _ => {
                refused(format!("expected a map of {len} floats or more in a slab of {slab}, found {map:?}"))
            }
        }
    }

    /// Checks a pass, and that `len` floats are a map of each of its samples.
    fn samples(&self, pass: &Pass, map: &Map, len: usize) -> Result<()> {
        self.map(pass, map, 1)?;
        let (samples, expected) = (pass.batch, pass.batch * map.len());
        if len != expected {
            return refused(format!(
                "expected {expected} floats for {samples} samples of {map:?}, found {len}"
            ));
        }
        Ok(())
    }

    /// Checks the count of the targets' numbers. Whether one is a class is known to the step that
    /// reads it.
    fn targets(&self, targets: Targets) -> Result<()> {
        let (most, found) = (self.0.targets, targets.len());
        if found > most {
            return refused(format!("expected targets of at most {most} numbers, found {found}"));
        }
        Ok(())
    }

    /// Checks that an update is one of the engine's parameters, and that its gradients, its state
    /// and what it has to know are there.
    fn update(&self, pending: &PendingUpdate) -> Result<()> {
        let PendingUpdate { update, number, norm, .. } = pending;
        let (slots, sizes) = (update.slots(), self.0);
        let state = slots.checked_mul(sizes.params);
        let fits = state.is_some_and(|state| state <= sizes.state);
        if !fits || *number == 0 {
            return refused(format!(
                "update {number} with {slots} arrays of state: expected a number from 1, found an engine of {sizes:?}"
            ));
        }
        if let (Some(Clip::Norm(limit)), None) = (update.clip, norm) {
            return refused(format!("an update that limits the norm to {limit} has to know the norm"));
        }
        self.params(pending)
    }

    /// Checks that the parameters of an update, and their gradients, are the engine's.
    fn params(&self, pending: &PendingUpdate) -> Result<()> {
        pending.params.iter().try_for_each(|param| {
            self.range(Class::Params, param.offset, param.len)?;
            self.range(Class::Grads, param.offset, param.len)?;
            if !param.offset.is_multiple_of(BLOCK) || !param.len.is_multiple_of(BLOCK) {
                return refused(format!("{}: expected whole blocks of {BLOCK} floats", param.name));
            }
            Ok(())
        })
    }
}

fn refused(message: String) -> Result<()> {
    Err(Error::Usage(message))
}

#[cfg(test)]
mod tests;
