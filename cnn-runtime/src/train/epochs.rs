//! fit > epoch > batch.

use std::time::{Duration, Instant};

use super::{Callback, EpochReport, Fit, Flow, Position, Progress, Score, Start, evaluate_until};
use crate::{
    data::Batches,
    error::{Error, Result},
    session::Session,
};

/// How often an epoch reports its progress, unless that is more than [`MOST_UPDATES`] apart.
const REPORTS: usize = 100;

/// Updates between two reports, at most: a callback may draw, and its time is training's.
const MOST_UPDATES: usize = 32;

impl Fit<'_> {
    /// Trains a session, or goes on with it, and returns the reports of all epochs. Where a running average of the parameters
    /// is kept, it is validated, callbacks see it at an epoch's end, and the session ends with it.
    ///
    /// # Errors
    ///
    /// [`Error::Diverged`] if a loss or a parameter becomes NaN or infinite, [`Error::Usage`] if two callbacks save their states
    /// under one name, and whatever the device or a callback reports.
    pub fn run(
        &mut self,
        session: &mut Session,
        train: &mut Batches,
        validation: &mut Batches,
    ) -> Result<&[EpochReport]> {
        if session.is_averaged() {
            session.swap_average()?;
        }
        let mut flow = self.start(session, train.len())?;
        if self.position != Position::start() {
            self.save(session)?;
        }
        while flow != Flow::Stop && self.position.epoch <= self.epochs {
            flow = self.train_epoch(session, train)?;
            if flow != Flow::Stop {
                flow = self.end_epoch(session, validation)?;
            }
            self.save(session)?;
        }
        session.swap_average()?;
        Ok(&self.position.history)
    }

    fn start(&mut self, session: &mut Session, images: usize) -> Result<Flow> {
        self.savers()?;
        let Position { history, done, .. } = &self.position;
        let start = Start { epochs: self.epochs, images, history, done: *done };
        each(&mut self.callbacks, |callback| callback.on_start(session, &start))
    }

    fn train_epoch(&mut self, session: &mut Session, train: &mut Batches) -> Result<Flow> {
        let (start, before, images) = (Instant::now(), self.position.seconds, train.len());
        let per_update = session.batch().saturating_mul(self.accumulate);
        let interval = (images.div_ceil(per_update) / REPORTS).clamp(1, MOST_UPDATES);
        train.shuffle(self.seed, self.position.epoch);
        train.skip(self.position.done);
        let (waited, resumed_at_end) = (train.waited(), self.position.done == images);
        while let Some(batch) = train.next()? {
            self.position.lr = session.lr();
            match self.accumulate {
                1 => session.train_step(batch.images, batch.labels)?,
                _ => session.accumulate(batch.images, batch.labels)?,
            }
            let (done, pending) = (train.done(), session.pending());
            self.position.done = done;
            if (1..self.accumulate as u64).contains(&pending) && done < images {
                continue;
            }
            if pending > 0 {
                session.update()?;
            }
            self.position.seconds = before + start.elapsed().as_secs_f64();
            if done.div_ceil(per_update).is_multiple_of(interval) || done == images {
                self.report(session, images, share(train.waited() - waited, start))?;
            }
            match each(&mut self.callbacks, |callback| callback.on_batch(session, &self.position))? {
                Flow::Continue => {}
                Flow::Save => self.save(session)?,
                Flow::Stop => return Ok(Flow::Stop),
            }
        }
        if self.position.done < images {
            self.end_on_bad_images(session, images, share(train.waited() - waited, start))?;
        } else if resumed_at_end {
            self.report(session, images, 0.0)?;
        }
        Ok(Flow::Continue)
    }

    /// The images of the last batches could not be read, which is excused: an update that they belonged to is made without them.
    fn end_on_bad_images(&mut self, session: &mut Session, images: usize, waiting: f64) -> Result<()> {
        self.position.done = images;
        if session.pending() > 0 {
            session.update()?;
        }
        self.report(session, images, waiting)
    }

    fn report(&mut self, session: &mut Session, images: usize, waiting: f64) -> Result<()> {
        let score = self.measure(session)?;
        let Position { epoch, done, seconds, .. } = self.position;
        let images_per_second = speed(done, seconds);
        let epochs = self.epochs;
        let progress = Progress { epoch, epochs, done, images, score, images_per_second, waiting };
        self.callbacks.iter_mut().try_for_each(|callback| callback.on_progress(&progress))
    }

    /// The epoch's score so far, unless its loss is not finite.
    pub(super) fn measure(&mut self, session: &mut Session) -> Result<Score> {
        self.position.sums += session.take_metrics()?;
        let epoch = self.position.epoch;
        Score::from(self.position.sums).finite(Error::diverged("the loss", epoch))
    }

    fn end_epoch(&mut self, session: &mut Session, validation: &mut Batches) -> Result<Flow> {
        let start = Instant::now();
        let Position { epoch, done, seconds, lr, .. } = self.position;
        let trained = self.measure(session)?;
        session.swap_average()?;
        let callbacks = &self.callbacks;
        let interrupted = || callbacks.iter().any(|callback| callback.is_interrupted());
        let Some(validated) = evaluate_until(session, validation, interrupted)? else {
            session.swap_average()?;
            return Ok(Flow::Stop);
        };
        let validated = validated.finite(Error::diverged("the loss", epoch))?;
        check_parameters(session, epoch)?;
        self.position.next_epoch(EpochReport {
            epoch,
            loss: trained.loss,
            accuracy: trained.accuracy,
            val_loss: validated.loss,
            val_accuracy: validated.accuracy,
            seconds: seconds + start.elapsed().as_secs_f64(),
            images_per_second: speed(done, seconds),
            lr,
        });
        let flow =
            each(&mut self.callbacks, |callback| callback.on_epoch_end(session, &self.position.history))?;
        session.swap_average()?;
        Ok(flow)
    }
}

/// A layer that only training uses may diverge unnoticed by validation.
fn check_parameters(session: &mut Session, epoch: usize) -> Result<()> {
    for (index, param) in session.description().params.iter().enumerate() {
        if let Some(value) = session.not_finite(index)? {
            return Err(Error::diverged(param.name, epoch)(value.into()));
        }
    }
    Ok(())
}

/// Images per second; a number even if no time has passed, as where no image could be read.
fn speed(images: usize, seconds: f64) -> f64 {
    images as f64 / seconds.max(1e-9)
}

/// Of the time since a start.
fn share(part: Duration, start: Instant) -> f64 {
    part.as_secs_f64() / start.elapsed().as_secs_f64()
}

/// Asks all callbacks in order; the strongest answer counts.
fn each(
    callbacks: &mut [Box<dyn Callback + '_>],
    mut call: impl FnMut(&mut dyn Callback) -> Result<Flow>,
) -> Result<Flow> {
    callbacks.iter_mut().try_fold(Flow::Continue, |flow, callback| Ok(flow.max(call(callback.as_mut())?)))
}
