//! A network on a device: its parameters, its arena, and the passes over a batch.

use crate::{
    device::Device,
    engine::{Class, Engine, Pass, Sizes},
    error::{Error, Result},
    network::Model,
    optim::Update,
    params,
    plan::{Description, Map, Param, Steps},
    rng::subkey,
    weights::Companions,
};

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

/// Sums over the samples trained since the last [`Session::take_metrics`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
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
    metrics: Metrics,
    /// Host copy of the batch's losses.
    losses: Vec<f32>,
    /// Host copy of the batch's scores, padding included.
    logits: Vec<f32>,
    companions: Companions,
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
            state: training.map_or(0, |update| update.optimizer.slots() * description.params_len),
            arena: description.arena_len(training.is_some(), batch),
            batch,
        })?;
        let losses = description.train.losses.iter().map(Map::len).max().unwrap_or(0);
        let mut session = Session {
            model,
            engine,
            batch,
            update: training,
            seed,
            steps: 0,
            metrics: Metrics::default(),
            losses: vec![0.0; batch * losses],
            logits: vec![0.0; batch * description.infer.logits.len()],
            companions: Companions::default(),
        };
        for (index, param) in description.params.iter().enumerate() {
            session.set_parameter(index, &params::initial(param, seed))?;
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

    /// Forward, backward and update on one batch, whose losses are read before it returns. The CPU engine allocates
    /// nothing here; on OpenCL, the first steps also build kernels, and enqueueing allocates.
    ///
    /// # Errors
    /// [`Error::Usage`] if images and labels do not fit the network; [`Error::Device`] if the device fails.
    pub fn train_step(&mut self, images: &[f32], labels: &[u32]) -> Result<()> {
        let update = self.rule()?;
        let key = subkey(self.seed, self.steps);
        let sums = self.gradients(images, labels, Some(key))?;
        self.metrics += sums;
        self.engine.update(&update.optimizer, self.model.description.params)?;
        self.steps += 1;
        Ok(())
    }

    /// A training-mode forward and backward pass with dropout off and without an update. The gradients can then be read
    /// by [`Session::gradient`]. Running statistics move, as in every training-mode pass.
    ///
    /// Returns the mean loss, weighted auxiliary losses included.
    ///
    /// # Errors
    /// As [`Session::train_step`].
    pub fn forward_backward(&mut self, images: &[f32], labels: &[u32]) -> Result<f64> {
        self.rule()?;
        let sums = self.gradients(images, labels, None)?;
        Ok(sums.loss / sums.samples as f64)
    }

    /// What was summed over the training steps since the last call.
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn take_metrics(&mut self) -> Result<Metrics> {
        Ok(std::mem::take(&mut self.metrics))
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
        self.engine.run(&pass, &|run: &dyn Steps| infer(run))?;
        let stored = &mut self.logits[..batch * plan.logits.len()];
        self.engine.read_map(&pass, &plan.logits, stored)?;
        for (scores, stored) in logits.chunks_exact_mut(*classes).zip(stored.chunks_exact(plan.logits.len()))
        {
            scores.copy_from_slice(&stored[..*classes]);
        }
        Ok(())
    }

    /// A parameter or a running statistic in torch order; `index` is its position in [`Description::params`].
    ///
    /// # Errors
    /// [`Error::Device`] if the device fails.
    pub fn parameter(&mut self, index: usize) -> Result<Vec<f32>> {
        self.read(Class::Params, index)
    }

    /// The gradient of a trainable parameter in torch order, as the last backward pass left it.
    ///
    /// # Errors
    /// [`Error::Usage`] if this session does not train; [`Error::Device`] if the device fails.
    pub fn gradient(&mut self, index: usize) -> Result<Vec<f32>> {
        self.rule()?;
        self.read(Class::Grads, index)
    }

    /// Sets a parameter or a running statistic from values in torch order.
    ///
    /// # Errors
    /// [`Error::Usage`] if their number is wrong; [`Error::Device`] if the device fails.
    pub fn set_parameter(&mut self, index: usize, values: &[f32]) -> Result<()> {
        let param = self.param(index);
        let expected: usize = param.shape.iter().product();
        if values.len() != expected {
            return Err(Error::Usage(format!(
                "{}: expected {expected} values, found {}",
                param.name,
                values.len()
            )));
        }
        self.engine.write(Class::Params, param.offset, &params::pack(param, values))
    }

    /// What goes with the weights.
    pub fn companions(&self) -> &Companions {
        &self.companions
    }

    /// Sets what goes with the weights.
    pub fn set_companions(&mut self, companions: Companions) {
        self.companions = companions;
    }

    fn gradients(&mut self, images: &[f32], labels: &[u32], key: Option<u64>) -> Result<Metrics> {
        let description = self.model.description;
        let plan = &description.train;
        let batch = self.samples(images)?;
        check_labels(labels, batch, description.classes)?;
        let pass = Pass { batch, arena: plan.arena, key };
        let Model { forward, backward, .. } = self.model;
        self.engine.write_map(&pass, &plan.input, images)?;
        self.engine.write_labels(labels)?;
        self.engine.run(&pass, &|run: &dyn Steps| {
            forward(run);
            backward(run);
        })?;
        let mut sums = Metrics { samples: batch as u64, ..Metrics::default() };
        for (nth, map) in plan.losses.iter().enumerate() {
            let stored = &mut self.losses[..batch * map.len()];
            self.engine.read_map(&pass, map, stored)?;
            for sample in stored.chunks_exact(map.len()) {
                sums.loss += sample[0] as f64;
                sums.correct += (nth == 0 && sample[1] == 1.0) as u64;
            }
        }
        Ok(sums)
    }

    /// The update rule; its absence means that there is no memory for gradients.
    fn rule(&self) -> Result<Update> {
        self.update.ok_or_else(|| {
            Error::Usage("the session was made for inference only; give Options::training an update".into())
        })
    }

    fn param(&self, index: usize) -> &'static Param {
        &self.model.description.params[index]
    }

    fn read(&mut self, class: Class, index: usize) -> Result<Vec<f32>> {
        let param = self.param(index);
        let mut packed = vec![0.0; param.len];
        self.engine.read(class, param.offset, &mut packed)?;
        Ok(params::unpack(param, &packed))
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

fn check_labels(labels: &[u32], batch: usize, classes: usize) -> Result<()> {
    if labels.len() != batch {
        return Err(Error::Usage(format!("{} labels for {batch} images", labels.len())));
    }
    match labels.iter().find(|&&label| label as usize >= classes) {
        Some(label) => Err(Error::Usage(format!("label {label}: the network has {classes} classes"))),
        None => Ok(()),
    }
}
