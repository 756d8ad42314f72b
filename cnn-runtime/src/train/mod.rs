//! The training loop: fit > epoch > batch. It measures and updates; everything else is a [`Callback`].
//!
//! A pass over the training set is a function of (seed, epoch) alone, and a loss that is not finite ends training
//! before anything is reported or saved.

mod callback;
mod evaluate;
mod keep;
mod record;

use std::time::Instant;

pub use callback::{Callback, EpochReport, Progress};
pub use evaluate::{Score, evaluate};
pub use keep::KeepWeights;
pub use record::Record;

use crate::{
    data::Batches,
    error::{Error, Result},
    session::{Metrics, Session},
};

/// How often an epoch reports its progress, unless that is more than [`MOST_BATCHES`] apart.
const REPORTS: usize = 100;

/// Batches between two reports, at most: a callback may draw, and its time is training's.
const MOST_BATCHES: usize = 32;

/// What to do, beside the data.
pub struct Fit<'a> {
    /// Passes over the training set, at least 1.
    pub epochs: usize,
    /// Seed of the order of batches.
    pub seed: u64,
    /// Called in order.
    pub callbacks: Vec<Box<dyn Callback + Send + 'a>>,
}

impl Fit<'_> {
    /// Trains a session and returns the last epoch's score on the validation set. The callbacks end with it. Where a running
    /// average is kept, it is validated, callbacks see it, and the session ends with it.
    ///
    /// # Errors
    ///
    /// [`Error::Diverged`] if a loss becomes NaN or infinite, and whatever the device or a callback reports.
    pub fn run(
        mut self,
        session: &mut Session,
        train: &mut Batches,
        validation: &mut Batches,
    ) -> Result<Score> {
        let mut last = Score::default();
        for epoch in 1..=self.epochs {
            let start = Instant::now();
            train.shuffle(self.seed, epoch);
            let training = self.train_epoch(session, train, epoch)?;
            let images_per_second = train.len() as f64 / start.elapsed().as_secs_f64();
            session.swap_average()?;
            last = evaluate(session, validation)?.finite(|loss| Error::Diverged { loss, epoch })?;
            let report = EpochReport {
                epoch,
                loss: training.loss,
                accuracy: training.accuracy,
                val_loss: last.loss,
                val_accuracy: last.accuracy,
                seconds: start.elapsed().as_secs_f64(),
                images_per_second,
            };
            for callback in &mut self.callbacks {
                callback.on_epoch_end(session, &report)?;
            }
            if epoch < self.epochs {
                session.swap_average()?;
            }
        }
        Ok(last)
    }

    fn train_epoch(&mut self, session: &mut Session, train: &mut Batches, epoch: usize) -> Result<Score> {
        let (start, images) = (Instant::now(), train.len());
        let interval = (images.div_ceil(session.batch()) / REPORTS).clamp(1, MOST_BATCHES);
        let mut sums = Metrics::default();
        let (mut batches, mut done) = (0, 0);
        while let Some(batch) = train.next()? {
            session.train_step(batch.images, batch.labels)?;
            batches += 1;
            done += batch.labels.len();
            if batches % interval == 0 || done == images {
                sums += session.take_metrics()?;
                let score = Score::from(sums).finite(|loss| Error::Diverged { loss, epoch })?;
                let images_per_second = done as f64 / start.elapsed().as_secs_f64();
                let epochs = self.epochs;
                let progress = Progress { epoch, epochs, done, images, score, images_per_second };
                for callback in &mut self.callbacks {
                    callback.on_batch(&progress)?;
                }
            }
        }
        Ok(Score::from(sums))
    }
}
