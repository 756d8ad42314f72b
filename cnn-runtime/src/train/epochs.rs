//! fit > epoch > batch: the loop itself.

use std::time::{Duration, Instant};

use cnn_core::{Error, Result, Targets};

use super::{
    Callback, EpochReport, Fit, Flow, Position, Progress, Score, Start,
    evaluate::{check_batches, check_kind, evaluate_until},
    score::{GRADIENT_NORM, VAL_F1, VAL_R2},
};
use crate::{data::Batches, session::Session};

/// Reports of progress in an epoch, unless they would be more than [`MOST_UPDATES`] apart.
const REPORTS: usize = 100;

/// Updates between two reports, at most: a callback may draw, and its time is training's.
const MOST_UPDATES: usize = 32;

impl Fit<'_> {
    /// Trains a session, or goes on with it, and returns the reports of all epochs. Where a running
    /// average of the parameters is kept, it is validated, callbacks see it at an epoch's end, and
    /// the session ends with it.
    ///
    /// # Errors
    ///
    /// Before anything is trained, [`Error::Usage`] if the batches do not fit the session, if
    /// either set has no images or the run was saved with more, if 0 batches are to be accumulated,
    /// if a parameter is NaN or infinite from the start, or if two callbacks save their states
    /// under one name. Then [`Error::Data`] for an image that cannot be read, of validation after the
    /// epoch's training was saved; [`Error::Diverged`] if a loss or a parameter becomes NaN or infinite,
    /// and whatever the device or a callback reports.
    pub fn run(
        &mut self,
        session: &mut Session,
        train: &mut Batches,
        validation: &mut Batches,
    ) -> Result<&[EpochReport]> {
        self.check(session, train, validation)?;
        if session.is_averaged() {
            session.swap_average()?;
        }
        check_start(session)?;
        let mut flow = self.start(session, train.len())?;
        if flow != Flow::Continue || self.position != Position::start() {
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

    /// Refuses what would fail, or mean something else, only after hours of work.
    fn check(&mut self, session: &Session, train: &Batches, validation: &Batches) -> Result<()> {
        if self.accumulate == 0 {
            return Err(Error::Usage("an update needs at least one batch, found 0 to accumulate".into()));
        }
        for (images, batches) in [("training", train), ("validation", validation)] {
            if batches.is_empty() {
                return Err(Error::Usage(format!("the {images} set has no images")));
            }
            check_batches(session, batches)?;
            check_kind(session, batches)?;
        }
        let (done, images) = (self.position.done, train.len());
        if done > images {
            return Err(Error::Usage(format!(
                "expected a training set of {done} images or more, found {images}"
            )));
        }
        self.check_metrics()?;
        self.savers().map(drop)
    }

    /// Refuses metrics that could not be told from each other or from what reports hold anyway.
    fn check_metrics(&self) -> Result<()> {
        let names = || self.metrics.iter().map(|metric| metric.name.as_str());
        let is_taken = |&(nth, name): &(usize, &str)| {
            ["val_loss", "val_accuracy", VAL_F1, VAL_R2].contains(&name)
                || names().take(nth).any(|other| other == name)
        };
        match names().enumerate().find(is_taken) {
            Some((_, name)) => Err(Error::Usage(format!(
                "two figures of a report are called {name}: a metric needs another name"
            ))),
            None => Ok(()),
        }
    }

    fn start(&mut self, session: &mut Session, images: usize) -> Result<Flow> {
        let Position { history, done, .. } = &self.position;
        let per_update = session.batch().saturating_mul(self.accumulate);
        let updates = images.div_ceil(per_update);
        let start = Start { epochs: self.epochs, images, updates, history, done: *done };
        each(&mut self.callbacks, |callback| callback.on_start(session, &start))
    }

    fn train_epoch(&mut self, session: &mut Session, train: &mut Batches) -> Result<Flow> {
        let (start, before, images) = (Instant::now(), self.position.seconds, train.len());
        let per_update = session.batch().saturating_mul(self.accumulate);
        let interval = (images.div_ceil(per_update) / REPORTS).clamp(1, MOST_UPDATES);
        train.shuffle(self.seed, self.position.epoch);
        train.skip(self.position.done);
        let (waited, resumed_at_end) = (train.waited(), self.position.done == images);
        while let Some(batch) = train.next_batch()? {
            self.position.lr = session.lr();
            self.pass(session, batch.images, batch.targets)?;
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
            if self.after_update(session)? == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        if self.position.done < images {
            return self.end_on_bad_images(session, images, share(train.waited() - waited, start));
        }
        if resumed_at_end {
            self.report(session, images, 0.0)?;
        }
        Ok(Flow::Continue)
    }

    /// Trains on a batch: an update of its own, or one of several passes.
    fn pass(&mut self, session: &mut Session, images: &[f32], targets: Targets) -> Result<()> {
        match (self.accumulate, &mut self.loss) {
            (1, None) => session.train_step(images, targets),
            (1, Some(loss)) => session.train_step_by(images, targets, loss),
            (_, None) => session.accumulate(images, targets),
            (_, Some(loss)) => session.accumulate_by(images, targets, loss),
        }
    }

    /// Asks the callbacks after an update, and saves if one of them wants that.
    fn after_update(&mut self, session: &mut Session) -> Result<Flow> {
        let flow = each(&mut self.callbacks, |callback| callback.on_batch(session, &self.position))?;
        if flow == Flow::Save {
            self.save(session)?;
        }
        Ok(flow)
    }

    /// Ends an epoch whose last batches hold no image that could be read: an update that they
    /// belonged to is made without them.
    fn end_on_bad_images(&mut self, session: &mut Session, images: usize, waiting: f64) -> Result<Flow> {
        self.position.done = images;
        let pending = session.pending() > 0;
        if pending {
            session.update()?;
        }
        self.report(session, images, waiting)?;
        if pending { self.after_update(session) } else { Ok(Flow::Continue) }
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
        Score::of(self.position.sums, session.description().target())
            .finite(Error::diverged("the loss", epoch))
    }

    fn end_epoch(&mut self, session: &mut Session, validation: &mut Batches) -> Result<Flow> {
        let start = Instant::now();
        let Position { epoch, done, seconds, lr, .. } = self.position;
        let trained = self.measure(session)?;
        session.swap_average()?;
        let callbacks = &self.callbacks;
        let interrupted = || callbacks.iter().any(|callback| callback.is_interrupted());
        let mut sums = vec![0.0; self.metrics.len()];
        let see = |outputs: &[f32], target: Targets| {
            let measures = self.metrics.iter().map(|metric| (metric.measure)(outputs, target));
            sums.iter_mut().zip(measures).for_each(|(sum, measure)| *sum += measure);
        };
        let validated = match evaluate_until(session, validation, interrupted, see, self.loss.as_mut()) {
            Ok(Some(validated)) => validated,
            Ok(None) => {
                session.swap_average()?;
                return Ok(Flow::Stop);
            }
            Err(error) => {
                // An epoch of training is not lost for an image that cannot be read.
                if matches!(error, Error::Data { .. }) {
                    session.swap_average()?;
                    self.save(session)?;
                }
                return Err(error);
            }
        };
        let validated = validated.finite(Error::diverged("the loss", epoch))?;
        check_parameters(session, |name, value| Error::diverged(name, epoch)(value))?;
        let mut metrics = validated.metrics();
        let norm = self.position.sums.gradient_norm().filter(|norm| norm.is_finite());
        metrics.extend(norm.map(|norm| (GRADIENT_NORM.into(), norm)));
        for (metric, sum) in self.metrics.iter().zip(sums) {
            let mean = sum / validated.images.max(1) as f64;
            // A number that JSON cannot hold would make a checkpoint that nobody can read.
            if !mean.is_finite() {
                let name = &metric.name;
                return Err(Error::Usage(format!(
                    "the metric {name} is {mean} in epoch {epoch}: expected a finite number"
                )));
            }
            metrics.insert(metric.name.clone(), mean);
        }
        self.position.next_epoch(EpochReport {
            epoch,
            loss: trained.loss,
            accuracy: trained.accuracy,
            val_loss: validated.loss,
            val_accuracy: validated.accuracy,
            seconds: seconds + start.elapsed().as_secs_f64(),
            images_per_second: speed(done, seconds),
            lr,
            metrics,
        });
        let flow =
            each(&mut self.callbacks, |callback| callback.on_epoch_end(session, &self.position.history))?;
        session.swap_average()?;
        Ok(flow)
    }
}

/// Refuses to start from parameters that are not finite: no learning rate is to blame for them.
fn check_start(session: &mut Session) -> Result<()> {
    check_parameters(session, |name, value| {
        Error::Usage(format!("{name} holds {value} before training: start from finite parameters"))
    })
}

/// Looks at every parameter, since a layer that only training uses may diverge unnoticed by
/// validation; `error` is made of the name of the first that is not finite, and of its value.
fn check_parameters(session: &mut Session, error: impl Fn(&str, f64) -> Error) -> Result<()> {
    for (index, param) in session.description().params.iter().enumerate() {
        if let Some(value) = session.not_finite(index)? {
            return Err(error(param.name, value.into()));
        }
    }
    Ok(())
}

/// Images per second; a number even if no time has passed, as where no image could be read.
fn speed(images: usize, seconds: f64) -> f64 {
    images as f64 / seconds.max(1e-9)
}

/// The share that a part has of the time since a start.
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
