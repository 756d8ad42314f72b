//! A training run: its settings and callbacks, and its way into a checkpoint and back.

use std::{collections::BTreeMap, fmt, path::Path};

use cnn_core::{Error, Result, Targets};

use super::{Callback, LearningRate, Position};
use crate::{
    checkpoint::{self, Checkpoints, RunSettings, RunState},
    network::{Model, Training},
    optim::Schedule,
    session::{OwnLoss, Session},
};

/// A number that outputs and their target have.
type Measure<'a> = dyn Fn(&[f32], Targets) -> f64 + Send + Sync + 'a;

/// What a user measures in validation.
pub(super) struct Metric<'a> {
    pub(super) name: String,
    pub(super) measure: Box<Measure<'a>>,
}

/// A training run: how long, and what happens around it.
///
/// ```no_run
/// # fn example(
/// #     session: &mut cnn_runtime::Session,
/// #     training: &mut cnn_runtime::data::Batches,
/// #     validation: &mut cnn_runtime::data::Batches,
/// # ) -> cnn_runtime::Result<()> {
/// use cnn_runtime::checkpoint::{Checkpoints, RunSettings};
/// use cnn_runtime::train::{EarlyStopping, Fit, Record};
///
/// let mut fit = Fit::new(10, 0)
///     .accumulate(2)
///     .callback(Record::new("run"))
///     .callback(EarlyStopping::new(3)?)
///     .checkpoints(Checkpoints::new("run", RunSettings::default()));
/// let history = fit.run(session, training, validation)?;
/// println!("{} epochs", history.len());
/// # Ok(()) }
/// ```
pub struct Fit<'a> {
    pub(super) epochs: usize,
    pub(super) seed: u64,
    pub(super) accumulate: usize,
    pub(super) callbacks: Vec<Box<dyn Callback + 'a>>,
    pub(super) metrics: Vec<Metric<'a>>,
    pub(super) loss: Option<OwnLoss<'a>>,
    checkpoints: Option<Checkpoints>,
    pub(super) position: Position,
}

impl<'a> Fit<'a> {
    /// A run of this many passes over the training set, whose order depends on the seed, at the
    /// session's learning rate.
    pub fn new(epochs: usize, seed: u64) -> Fit<'a> {
        Fit {
            epochs,
            seed,
            accumulate: 1,
            callbacks: Vec::new(),
            metrics: Vec::new(),
            loss: None,
            checkpoints: None,
            position: Position::start(),
        }
    }

    /// A run as a network's `train { }` declares it: its epochs, the batches of an update and the
    /// course of the learning rate. Batch and optimizer are the session's, see
    /// [`Options::train`](crate::Options::train).
    pub fn declared(model: &Model, seed: u64) -> Fit<'a> {
        let Training { epochs, accumulate, schedule, .. } = model.description().training;
        Fit::new(epochs, seed).accumulate(accumulate).schedule(schedule)
    }

    /// Lets the learning rate follow a schedule, in the place of an earlier one; its full rate is
    /// the one that the session was made with.
    pub fn schedule(mut self, schedule: Schedule) -> Fit<'a> {
        self.callbacks.retain(|callback| callback.saved_as() != Some(LearningRate::STATE));
        self.callback(LearningRate::new(schedule))
    }

    /// Makes one update of the mean gradient of this many batches, at least 1, as if they were one.
    pub fn accumulate(mut self, batches: usize) -> Fit<'a> {
        self.accumulate = batches;
        self
    }

    /// Adds a callback, to be called after those before it.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Fit<'a> {
        self.callbacks.push(Box::new(callback));
        self
    }

    /// As [`Fit::callback`], of one in a box.
    #[cfg(feature = "trainer")]
    pub(crate) fn boxed_callback(mut self, callback: Box<dyn Callback + 'a>) -> Fit<'a> {
        self.callbacks.push(callback);
        self
    }

    /// Measures something else in validation, the mean of a function of a network's outputs for an
    /// image and of the image's target: it is `val_NAME` among the metrics of each epoch's report.
    /// A run with two metrics of one name, or one of a name that reports have, is refused; a mean
    /// that is no finite number ends it.
    ///
    /// ```
    /// use cnn_runtime::{Targets, train::Fit};
    ///
    /// /// The largest error of an image's values.
    /// fn worst(outputs: &[f32], target: Targets) -> f64 {
    ///     let pairs = outputs.iter().zip(target.values().unwrap_or_default());
    ///     pairs.map(|(z, t)| f64::from((z - t).abs())).fold(0.0, f64::max)
    /// }
    ///
    /// let fit = Fit::new(10, 0).metric("worst", worst);
    /// ```
    pub fn metric(
        mut self,
        name: &str,
        measure: impl Fn(&[f32], Targets) -> f64 + Send + Sync + 'a,
    ) -> Fit<'a> {
        self.metrics.push(Metric { name: format!("val_{name}"), measure: Box::new(measure) });
        self
    }

    /// Trains by a loss of the program's own in place of the network's, and validates by it; see
    /// [`OwnLoss`]. What else is measured, such as the accuracy, stays as it is.
    pub fn loss(mut self, loss: OwnLoss<'a>) -> Fit<'a> {
        self.loss = Some(loss);
        self
    }

    /// Saves the run at the end of every epoch and when a callback asks for it.
    pub fn checkpoints(mut self, checkpoints: Checkpoints) -> Fit<'a> {
        self.checkpoints = Some(checkpoints);
        self
    }

    /// Goes on where a checkpoint was saved: takes its parameters, optimizer state, position and
    /// history. With [`Fit::checkpoints`] before it, the settings of both must agree; every state
    /// of a callback must find its callback.
    ///
    /// # Errors
    ///
    /// As [`checkpoint::load`]; [`Error::Weights`] too if a callback is missing or refuses its
    /// state, or if this run ends before the checkpoint.
    pub fn resume(&mut self, session: &mut Session, path: &Path) -> Result<()> {
        let any = RunSettings::default();
        let settings = self.checkpoints.as_ref().map_or(&any, |checkpoints| checkpoints.settings());
        let run = checkpoint::load(session, path, settings)?;
        self.restore(&run).map_err(|message| Error::weights(path, message))?;
        let Position { epoch, done, .. } = run.position;
        if epoch > self.epochs && done > 0 {
            let message =
                format!("saved within epoch {epoch}, and this run ends after {}: ask for more", self.epochs);
            return Err(Error::weights(path, message));
        }
        self.position = run.position;
        Ok(())
    }

    /// Hands the states of a run to the callbacks that saved them.
    fn restore(&mut self, run: &RunState) -> Result<(), String> {
        let mut savers = self.savers().map_err(|error| error.to_string())?;
        for (name, state) in &run.callbacks {
            let saver = savers.get_mut(name).ok_or_else(|| {
                format!("no callback of this run takes the state `{name}`; add the one that saved it")
            })?;
            saver.restore(state).map_err(|why| format!("the state `{name}` is {why}"))?;
        }
        Ok(())
    }

    /// Saves a checkpoint, if this run has any. What was measured so far is checked first.
    pub(super) fn save(&mut self, session: &mut Session) -> Result<()> {
        self.measure(session)?;
        let states = self.savers()?.into_iter().map(|(name, saver)| (name, saver.state())).collect();
        let Some(checkpoints) = &self.checkpoints else { return Ok(()) };
        let run = RunState {
            settings: checkpoints.settings().clone(),
            steps: session.steps(),
            position: self.position.clone(),
            callbacks: states,
        };
        checkpoints.save(session, &run)
    }

    /// The callbacks that have a state in checkpoints, by its name.
    pub(super) fn savers(&mut self) -> Result<BTreeMap<String, &mut Box<dyn Callback + 'a>>> {
        let mut savers = BTreeMap::new();
        for callback in &mut self.callbacks {
            let Some(name) = callback.saved_as().map(String::from) else { continue };
            if savers.insert(name.clone(), callback).is_some() {
                let message =
                    format!("two callbacks save their state as `{name}`: each needs a name of its own");
                return Err(Error::Usage(message));
            }
        }
        Ok(savers)
    }
}

impl fmt::Debug for Fit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fit")
            .field("epochs", &self.epochs)
            .field("seed", &self.seed)
            .field("accumulate", &self.accumulate)
            .field("callbacks", &self.callbacks.len())
            .field("checkpoints", &self.checkpoints)
            .field("position", &self.position)
            .finish()
    }
}
