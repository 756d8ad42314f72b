//! A network on a device: its parameters, its arena, and the passes over a batch.

mod arrays;
mod training;

use serde::{Deserialize, Serialize};

use crate::{
    data_info::DataInfo,
    device::Device,
    engine::{Due, Engine, LossSums, Pass, Sizes},
    error::{Error, Result},
    network::Model,
    optim::Update,
    params,
    plan::{Description, Param, Steps},
    watch::{self, Visit},
};

pub(crate) use arrays::Array;

/// Floats that are copied to or from a device at a time, so that large parameters are never on the host as a whole.
const PIECE: usize = 1 << 18;

/// What a [`Session`] is made for.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Samples in the largest batch.
    pub batch: usize,
    /// What an update does; without it the session can only infer, and needs less memory.
    pub training: Option<Update>,
    /// Seed of the initial parameters and of every dropout mask.
    pub seed: u64,
}

/// The passes since the last update, whose mean gradient is that of the next.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    passes: u64,
    samples: u64,
}

/// Sums over the samples trained since the last [`Session::take_metrics`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Sum of the samples' losses, auxiliary ones included.
    pub loss: f64,
    /// Samples whose largest score was their label's.
    pub correct: u64,
    /// Samples.
    pub samples: u64,
}

impl std::ops::AddAssign for Metrics {
    fn add_assign(&mut self, more: Metrics) {
        self.loss += more.loss;
        self.correct += more.correct;
        self.samples += more.samples;
    }
}

/// A network with its parameters and memory on a device.
///
/// Images are planar `[n, C, H, W]`, one sample after the other; `n` may be anything from 1 to the session's batch.
///
/// ```no_run
/// # fn example<Net: cnn_runtime::Network>(images: &[f32], labels: &[u32]) -> cnn_runtime::Result<()> {
/// use cnn_runtime::{Device, Model, Options, Session};
///
/// let model = Model::of::<Net>();
/// let training = Some(model.description.training.update);
/// let mut session = Session::new(model, &Device::cpu()?, &Options { batch: 32, training, seed: 0 })?;
/// session.train_step(images, labels)?;
/// let metrics = session.take_metrics()?;
/// println!("loss {:.4}", metrics.loss / metrics.samples as f64);
/// # Ok(()) }
/// ```
pub struct Session {
    model: Model,
    engine: Box<dyn Engine>,
    batch: usize,
    update: Option<Update>,
    seed: u64,
    steps: u64,
    pending: Pending,
    averaged: bool,
    /// Whether the gradients are those of the last backward pass.
    has_gradients: bool,
    /// Samples, and sums that the engine no longer holds.
    metrics: Metrics,
    /// Host copy of the batch's scores, padding included.
    logits: Vec<f32>,
    data_info: DataInfo,
}

impl Session {
    /// Takes the memory, draws the parameters from the seed and sets running statistics to their start.
    ///
    /// # Errors
    /// [`Error::Usage`] for a batch of 0, [`Error::Device`] if the memory is not there.
    pub fn new(model: Model, device: &Device, options: &Options) -> Result<Session> {
        let &Options { batch, training, seed } = options;
        if batch == 0 {
            return Err(Error::Usage("batch 0: a batch holds at least one image".into()));
        }
        let description = model.description;
        let engine = device.engine(&Sizes {
            params: description.params_len,
            grads: training.map_or(0, |_| description.params_len),
            state: training.map_or(0, |update| update.slots() * description.params_len),
            arena: description.arena_len(training.is_some(), batch),
            batch,
        })?;
        let mut session = Session {
            model,
            engine,
            batch,
            update: training,
            seed,
            steps: 0,
            pending: Pending::default(),
            averaged: false,
            has_gradients: false,
            metrics: Metrics::default(),
            logits: vec![0.0; batch * description.infer.logits.len()],
            data_info: DataInfo::default(),
        };
        for (index, param) in description.params.iter().enumerate() {
            let mut draw = params::initial(param, seed);
            session.write_parts(Array::Parameter, index, &mut |part| {
                draw(part);
                Ok(())
            })?;
        }
        Ok(session)
    }

    /// The network's tables.
    pub fn description(&self) -> &'static Description {
        self.model.description
    }

    /// Samples in the largest batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Bytes of the arena: what `summary` states for this batch.
    pub fn arena_bytes(&self) -> usize {
        self.description().arena_len(self.update.is_some(), self.batch) * size_of::<f32>()
    }

    /// Runs a batch step by step and shows each when it has run: with labels a training pass, whose
    /// gradients then wait for [`Session::update`], else inference.
    /// Steps that [`Session::train_step`] would carry sample by sample through a region run one after the other for the
    /// whole batch; the results are the same. Gradients of earlier passes that wait for an update are lost.
    ///
    /// ```no_run
    /// # fn example(session: &mut cnn_runtime::Session, image: &[f32]) -> cnn_runtime::Result<()> {
    /// session.watch(image, None, &mut |mut seen| {
    ///     if let Some(map) = seen.output()? {
    ///         println!("{}: {} values in {:.3} ms", seen.step.layer(), map.len(), seen.seconds * 1e3);
    ///     }
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Session::train_step`] and [`Session::infer`]; and the first error of `visit`, which ends the pass.
    pub fn watch(&mut self, images: &[f32], labels: Option<&[u32]>, visit: &mut Visit) -> Result<()> {
        let Model { forward, backward, infer, description } = self.model;
        let (pass, steps) = match labels {
            Some(labels) => {
                let batch = self.batch_to_train(images, labels)?;
                let pass = self.begin(batch, images, labels, Some(self.key(0)))?;
                self.pending = Pending { passes: 1, samples: batch as u64 };
                self.has_gradients = true;
                (pass, watch::steps_of(&|steps| [forward, backward].iter().for_each(|body| body(steps))))
            }
            None => {
                let pass = Pass { batch: self.samples(images)?, arena: description.infer.arena, key: None };
                self.engine.write_map(&pass, &description.infer.input, images)?;
                (pass, watch::steps_of(&|steps| infer(steps)))
            }
        };
        self.engine.finish()?;
        watch::run(&mut *self.engine, &pass, &steps, visit)
    }

    /// A training-mode forward and backward pass with dropout off and without an update. The gradients can then be read
    /// by [`Session::gradient`]. Running statistics move, as in every training-mode pass.
    ///
    /// Returns the mean loss, weighted auxiliary losses included. Gradients of earlier passes that wait for an update are lost.
    ///
    /// # Errors
    /// As [`Session::train_step`].
    pub fn forward_backward(&mut self, images: &[f32], labels: &[u32]) -> Result<f64> {
        let batch = self.batch_to_train(images, labels)?;
        self.pending = Pending::default();
        let trained = self.take_metrics()?;
        self.train(batch, images, labels, None, None)?;
        let sums = self.take_metrics()?;
        self.metrics = trained;
        Ok(sums.loss / sums.samples as f64)
    }

    /// What was summed over the training steps since the last call; waits for them.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn take_metrics(&mut self) -> Result<Metrics> {
        let LossSums { loss, correct } = self.engine.take_losses()?;
        let mut metrics = std::mem::take(&mut self.metrics);
        metrics += Metrics { loss, correct, samples: 0 };
        Ok(metrics)
    }

    /// Class scores `[n, classes]` of a batch, with every layer in inference mode.
    ///
    /// # Errors
    /// As [`Session::train_step`].
    pub fn infer(&mut self, images: &[f32], logits: &mut [f32]) -> Result<()> {
        let Description { infer: plan, classes, .. } = self.model.description;
        let batch = self.samples(images)?;
        if logits.len() != batch * classes {
            return Err(Error::Usage(format!(
                "{} scores asked of {batch} images of {classes} classes",
                logits.len()
            )));
        }
        let pass = Pass { batch, arena: plan.arena, key: None };
        let infer = self.model.infer;
        self.engine.write_map(&pass, &plan.input, images)?;
        // SAFETY: these are the steps of the inference plan, and a `Network` keeps within it.
        unsafe { self.engine.run(&pass, &|run: &dyn Steps| infer(run)) }?;
        let stored = &mut self.logits[..batch * plan.logits.len()];
        self.engine.read_map(&pass, &plan.logits, stored)?;
        for (scores, stored) in logits.chunks_exact_mut(*classes).zip(stored.chunks_exact(plan.logits.len()))
        {
            scores.copy_from_slice(&stored[..*classes]);
        }
        Ok(())
    }

    /// The statistics and class names that are saved with the weights.
    pub fn data_info(&self) -> &DataInfo {
        &self.data_info
    }

    /// Sets the statistics and class names that are saved with the weights.
    pub fn set_data_info(&mut self, data_info: DataInfo) {
        self.data_info = data_info;
    }

    /// Updates so far: with the seed, the key of the next dropout masks.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Continues the count of another session's updates.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// Samples in a batch that can be trained on.
    fn batch_to_train(&self, images: &[f32], labels: &[u32]) -> Result<usize> {
        self.live_rule()?;
        let batch = self.samples(images)?;
        check_labels(labels, batch, self.model.description.classes)?;
        Ok(batch)
    }

    /// Both passes over a batch that was checked: adds to the sums, and leaves the gradients or makes an update by them.
    fn train(
        &mut self,
        batch: usize,
        images: &[f32],
        labels: &[u32],
        key: Option<u64>,
        due: Option<&Due>,
    ) -> Result<()> {
        let pass = self.begin(batch, images, labels, key)?;
        let Model { forward, backward, description, .. } = self.model;
        let body = |run: &dyn Steps| {
            forward(run);
            backward(run);
        };
        self.has_gradients = false;
        // SAFETY: these are the steps of the training plan, and a `Network` keeps within it.
        unsafe {
            match due {
                Some(due) => self.engine.train(&pass, &body, due),
                None => self.engine.run(&pass, &body),
            }
        }?;
        self.has_gradients = due.is_none();
        self.metrics.samples += pass.batch as u64;
        self.engine.add_losses(&pass, description.train.losses)
    }

    /// Hands a batch that was checked to the engine for a training-mode pass.
    fn begin(&mut self, batch: usize, images: &[f32], labels: &[u32], key: Option<u64>) -> Result<Pass> {
        let plan = &self.model.description.train;
        let pass = Pass { batch, arena: plan.arena, key };
        self.engine.write_map(&pass, &plan.input, images)?;
        self.engine.write_labels(labels)?;
        Ok(pass)
    }

    /// The update rule; its absence means that there is no memory for gradients.
    fn rule(&self) -> Result<Update> {
        self.update.ok_or_else(|| {
            Error::Usage("the session was made for inference only; give Options::training an update".into())
        })
    }

    /// The update rule, of a session whose live parameters are in place.
    fn live_rule(&self) -> Result<Update> {
        if self.averaged {
            return Err(Error::Usage("averaged parameters are not trained; swap the live ones in".into()));
        }
        self.rule()
    }

    fn param(&self, index: usize) -> &'static Param {
        &self.model.description.params[index]
    }

    /// Where a slot begins in the state: each is as long as the parameters.
    fn slot_offset(&self, slot: usize) -> usize {
        slot * self.model.description.params_len
    }

    /// Samples in a batch of images.
    fn samples(&self, images: &[f32]) -> Result<usize> {
        let [channels, height, width] = self.model.description.input;
        let image = channels * height * width;
        let samples = images.len() / image;
        if samples == 0 || samples > self.batch || images.len() != samples * image {
            return Err(Error::Usage(format!(
                "expected 1 to {} images of {channels}x{height}x{width}, found {} values",
                self.batch,
                images.len()
            )));
        }
        Ok(samples)
    }
}

pub(crate) fn check_labels(labels: &[u32], batch: usize, classes: usize) -> Result<()> {
    if labels.len() != batch {
        return Err(Error::Usage(format!("{} labels for {batch} images", labels.len())));
    }
    match labels.iter().find(|&&label| label as usize >= classes) {
        Some(label) => Err(Error::Usage(format!("label {label}: the network has {classes} classes"))),
        None => Ok(()),
    }
}
