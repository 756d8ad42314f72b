//! How a session trains: passes, updates, and the running average of the parameters.

use cnn_core::{Error, Result, Targets, rng::subkey};

use super::{OwnLoss, PIECE, Pending, Session, checks::check_lr};
use crate::{
    engine::{Class, PendingUpdate},
    optim::{Clip, ranges},
};

impl Session {
    /// Forward, backward and update on one batch. The CPU engine allocates nothing here. On OpenCL,
    /// the step is enqueued and its losses stay on the device; the first steps also build kernels,
    /// and enqueueing allocates.
    ///
    /// # Errors
    /// [`Error::Usage`] if images and targets do not fit the network, or if averages are swapped in;
    /// [`Error::Device`] if the device fails.
    pub fn train_step<'t>(&mut self, images: &[f32], targets: impl Into<Targets<'t>>) -> Result<()> {
        self.step(images, targets.into(), None)
    }

    /// As [`Session::train_step`], by a loss of the program's own in place of the network's: the
    /// outputs come to the host, and their gradients go back.
    ///
    /// # Errors
    /// As [`Session::train_step`]; [`Error::Usage`] too if the loss and its gradient disagree.
    pub fn train_step_by<'t>(
        &mut self,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        loss: &mut OwnLoss,
    ) -> Result<()> {
        self.step(images, targets.into(), Some(loss))
    }

    fn step(&mut self, images: &[f32], targets: Targets, loss: Option<&mut OwnLoss>) -> Result<()> {
        if self.pending.passes > 0 {
            self.add_pass(images, targets, loss)?;
            return self.update();
        }
        let batch = self.batch_to_train(images, targets)?;
        let key = self.key(0);
        let update = self.next_update()?;
        self.train(batch, images, targets, Some(key), Some(&update), loss)?;
        self.steps = update.number;
        Ok(())
    }

    /// Forward and backward on one of several batches that lead to one [`Session::update`]: its
    /// gradients are averaged with those of the batches before, each weighted by its samples, as if
    /// all were one batch. The second batch takes memory for another set of gradients.
    ///
    /// # Errors
    /// As [`Session::train_step`].
    pub fn accumulate<'t>(&mut self, images: &[f32], targets: impl Into<Targets<'t>>) -> Result<()> {
        self.add_pass(images, targets.into(), None)
    }

    /// As [`Session::accumulate`], by a loss of the program's own.
    ///
    /// # Errors
    /// As [`Session::train_step_by`].
    pub fn accumulate_by<'t>(
        &mut self,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        loss: &mut OwnLoss,
    ) -> Result<()> {
        self.add_pass(images, targets.into(), Some(loss))
    }

    fn add_pass(&mut self, images: &[f32], targets: Targets, loss: Option<&mut OwnLoss>) -> Result<()> {
        let batch = self.batch_to_train(images, targets)?;
        let Pending { passes, samples } = self.pending;
        if passes > 0 {
            self.engine.stash_gradients()?;
        }
        let key = self.key(passes);
        // What a pass that fails leaves is no gradient of anything.
        self.pending = Pending::default();
        self.train(batch, images, targets, Some(key), None, loss)?;
        let samples = samples + batch as u64;
        if passes > 0 {
            self.engine.merge_stashed((batch as f64 / samples as f64) as f32)?;
        }
        self.pending = Pending { passes: passes + 1, samples };
        Ok(())
    }

    /// The update by the gradients of all batches since the last one.
    ///
    /// # Errors
    /// [`Error::Usage`] if there are none; [`Error::Device`] if the device fails.
    pub fn update(&mut self) -> Result<()> {
        let update = self.next_update()?;
        if self.pending.passes == 0 {
            return Err(Error::Usage("no gradients to update with; accumulate a batch first".into()));
        }
        self.pending = Pending::default();
        self.steps = update.number;
        self.make_update(update)
    }

    /// Makes an update by the gradients, whose norm is taken first if anybody asks for it.
    pub(super) fn make_update(&mut self, pending: PendingUpdate) -> Result<()> {
        let norm = self.takes_norm(&pending).then(|| self.engine.gradient_norm(&pending)).transpose()?;
        // A sum that is not finite could not be kept in a checkpoint.
        if let Some(norm) = norm.filter(|norm| norm.is_finite()) {
            self.metrics.gradient_norms += norm;
            self.metrics.normed_updates += 1;
        }
        self.gradient_norm = norm;
        self.engine.update(&PendingUpdate { norm, ..pending })
    }

    /// Whether an update has to know the norm of the gradients, or the user wants to.
    pub(super) fn takes_norm(&self, pending: &PendingUpdate) -> bool {
        self.measures_norm || matches!(pending.update.clip, Some(Clip::Norm(_)))
    }

    /// The Euclidean norm of all gradients before the last update, unlimited, if it was taken: see
    /// [`Options::gradient_norm`](crate::Options::gradient_norm).
    pub fn gradient_norm(&self) -> Option<f64> {
        self.gradient_norm
    }

    /// The next update.
    fn next_update(&self) -> Result<PendingUpdate> {
        let (update, params) = (self.live_rule()?, self.description().params);
        Ok(PendingUpdate::new(update, self.steps + 1, params))
    }

    /// Number of batches whose gradients wait for an update.
    pub fn pending(&self) -> u64 {
        self.pending.passes
    }

    /// The learning rate of the next update; 0 if this session does not train.
    pub fn lr(&self) -> f32 {
        self.update.map_or(0.0, |update| update.optimizer.lr())
    }

    /// The learning rate that this session was made with, whatever it has been set to since; 0 if
    /// this session does not train.
    pub fn full_lr(&self) -> f32 {
        self.full_lr
    }

    /// Sets the learning rate of the next updates.
    ///
    /// # Errors
    /// [`Error::Usage`] if this session does not train, or if the rate is negative, infinite or
    /// NaN.
    pub fn set_lr(&mut self, lr: f32) -> Result<()> {
        let mut update = self.rule()?;
        check_lr(lr)?;
        update.optimizer = update.optimizer.with_lr(lr);
        self.update = Some(update);
        Ok(())
    }

    /// Exchanges the live parameters and running statistics with their running averages, to infer
    /// with and to save these, and again to train on. Nothing happens if no average is kept, or
    /// before the first update.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn swap_average(&mut self) -> Result<()> {
        let Some(update) = self.update.filter(|update| update.average.is_some() && self.steps > 0) else {
            return Ok(());
        };
        let average = self.slot_offset(update.optimizer.slots());
        for reached in ranges(update, self.description().params) {
            for start in reached.range.clone().step_by(PIECE) {
                self.exchange(start, average + start, PIECE.min(reached.range.end - start))?;
            }
        }
        self.averaged = !self.averaged;
        Ok(())
    }

    /// A value of a parameter that is NaN or infinite, if there is one.
    #[cfg(feature = "data")]
    pub(crate) fn not_finite(&mut self, index: usize) -> Result<Option<f32>> {
        let param = self.param(index)?;
        let (offset, len) = (param.offset, param.len);
        let mut piece = vec![0.0; PIECE.min(len)];
        for start in (0..len).step_by(PIECE) {
            let piece = &mut piece[..PIECE.min(len - start)];
            self.engine.read(Class::Params, offset + start, piece)?;
            if let Some(value) = piece.iter().find(|value| !value.is_finite()) {
                return Ok(Some(*value));
            }
        }
        Ok(None)
    }

    /// True while the averages are swapped in.
    pub fn is_averaged(&self) -> bool {
        self.averaged
    }

    /// Exchanges `len` floats of the parameters with as many of the state.
    fn exchange(&mut self, params: usize, state: usize, len: usize) -> Result<()> {
        let (mut live, mut kept) = (vec![0.0; len], vec![0.0; len]);
        self.engine.read(Class::Params, params, &mut live)?;
        self.engine.read(Class::State, state, &mut kept)?;
        self.engine.write(Class::Params, params, &kept)?;
        self.engine.write(Class::State, state, &live)
    }

    /// The key of the dropout masks in a pass of the next update.
    pub(super) fn key(&self, pass: u64) -> u64 {
        let key = subkey(self.seed, self.steps);
        if pass == 0 { key } else { subkey(key, pass) }
    }
}
