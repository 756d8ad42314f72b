//! A network on a device: its parameters, its arena, and the passes over a batch.

mod arrays;
mod checks;
mod metrics;
mod options;
mod own_loss;
mod passes;
mod training;

use std::fmt;

use cnn_core::{DataInfo, DeviceError, Error, Remedy, Result};

use crate::{
    device::Device,
    engine::{Engine, Sizes},
    network::Model,
    optim::Update,
    params,
    plan::{Description, Map},
};

pub(crate) use arrays::Array;
#[cfg(feature = "data")]
pub(crate) use checks::check_targets;
use checks::{check_statistics, check_update};
pub use metrics::Metrics;
pub use options::Options;
pub use own_loss::{Answers, OwnLoss};

/// Floats that are copied to or from a device at a time, so that large parameters are never on the
/// host as a whole.
const PIECE: usize = 1 << 18;

/// The passes since the last update, whose mean gradient is that of the next.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    passes: u64,
    samples: u64,
}

/// A network with its parameters and memory on a device.
///
/// Images are planar `[n, C, H, W]`, one sample after the other; `n` may be anything from 1 to the
/// session's batch.
///
/// ```no_run
/// # use cnn_runtime::{Network, Result};
/// # fn example<Net: Network>(images: &[f32], labels: &[u32]) -> Result<()> {
/// use cnn_runtime::{Device, Model, Options, Session};
///
/// let model = Model::of::<Net>();
/// let mut session = Session::new(model, &Device::cpu()?, &Options::train(&model).batch(32))?;
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
    /// The learning rate that the session was made with.
    full_lr: f32,
    seed: u64,
    steps: u64,
    pending: Pending,
    averaged: bool,
    /// Whether the norm of the gradients is taken before each update, even if it has no limit.
    measures_norm: bool,
    /// The norm before the last update, if it was taken.
    gradient_norm: Option<f64>,
    /// Whether the gradients are those of the last backward pass.
    has_gradients: bool,
    /// Samples, and sums that the engine no longer holds.
    metrics: Metrics,
    /// Host copy of the batch's scores, padding included.
    logits: Vec<f32>,
    data_info: DataInfo,
}

/// Says once that kernels are about a hundred times slower than they could be.
#[cfg(unoptimised)]
fn warn_of_slowness() {
    use std::{io::Write, sync::Once};
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let advice =
            "use cargo run --release, or [profile.dev.package.cnn-runtime] opt-level = 3 in Cargo.toml";
        let _ =
            writeln!(std::io::stderr(), "cnn-runtime was built without optimisation and is slow: {advice}");
    });
}

impl Session {
    /// Takes the memory, draws the parameters from the seed and sets running statistics to their
    /// start.
    ///
    /// # Errors
    /// [`Error::Usage`] for a batch of 0 or one that no memory can hold, for a batch of 1 that is to
    /// train a batch norm over a single value a channel, and for an update with a number that is out
    /// of its range; [`Error::Device`] if the memory is not there.
    pub fn new(model: Model, device: &Device, options: &Options) -> Result<Session> {
        let mut session = Session::zeroed(model, device, options)?;
        for (index, param) in model.description().params.iter().enumerate() {
            let mut draw = params::initial(param, options.seed);
            session.write_parts(Array::Parameter, index, &mut |part| {
                draw(part);
                Ok(())
            })?;
        }
        Ok(session)
    }

    /// A session whose parameters are all zero.
    ///
    /// # Errors
    /// As [`Session::new`].
    pub(crate) fn zeroed(model: Model, device: &Device, options: &Options) -> Result<Session> {
        #[cfg(unoptimised)]
        warn_of_slowness();
        options.update.as_ref().map_or(Ok(()), check_update)?;
        check_statistics(&model, options)?;
        let sizes = sizes(model.description(), options)?;
        Session::on(model, device.engine(&sizes)?, options)
    }

    /// A session on an engine that was made for it.
    fn on(model: Model, engine: Box<dyn Engine>, options: &Options) -> Result<Session> {
        let &Options { batch, update, seed, measures_norm } = options;
        Ok(Session {
            model,
            engine,
            batch,
            update,
            full_lr: update.map_or(0.0, |update| update.optimizer.lr()),
            seed,
            steps: 0,
            pending: Pending::default(),
            averaged: false,
            measures_norm,
            gradient_norm: None,
            has_gradients: false,
            metrics: Metrics::default(),
            logits: scores(model.description(), batch)?,
            data_info: DataInfo::default(),
        })
    }

    /// Another session for inference, on the same parameters, which neither can change while there
    /// are two; what else a batch needs, each has for itself.
    ///
    /// # Errors
    /// [`Error::Usage`] if this session trains; [`Error::Device`] if there is too little memory.
    pub fn share(&self) -> Result<Session> {
        if self.update.is_some() {
            let message = "a session that trains shares no parameters; make one with Options::infer";
            return Err(Error::Usage(message.into()));
        }
        let options = Options::infer(self.batch).seed(self.seed);
        let mut other = Session::on(self.model, self.engine.share()?, &options)?;
        other.data_info = self.data_info.clone();
        Ok(other)
    }

    /// The network's tables.
    pub fn description(&self) -> &'static Description {
        self.model.description()
    }

    /// Samples in the largest batch.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Bytes of the arena: what `summary` states for this batch.
    pub fn arena_bytes(&self) -> usize {
        self.description().arena_len(self.update.is_some(), self.batch).saturating_mul(size_of::<f32>())
    }

    /// What goes with the weights: names of classes, and statistics of the data that the network
    /// was trained on.
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

    /// Continues the count of another session's updates, whose state is restored with it.
    #[cfg(feature = "data")]
    pub(crate) fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("network", &self.description().name)
            .field("batch", &self.batch)
            .field("update", &self.update)
            .field("seed", &self.seed)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// A session may move to another thread, though two may not use it at once.
const _: () = {
    const fn is_sent<T: Send + 'static>() {}
    is_sent::<Session>();
};

/// What an engine has to hold for a session, if numbers can say it.
fn sizes(description: &Description, options: &Options) -> Result<Sizes> {
    let &Options { batch, update, .. } = options;
    let params = description.params_len;
    let arena = description.arena_len(update.is_some(), batch);
    if batch == 0 {
        return Err(Error::Usage("batch 0: a batch holds at least one image".into()));
    }
    if arena > isize::MAX as usize / size_of::<f32>() {
        return Err(Error::Usage(format!("batch {batch}: no memory is so large")));
    }
    Ok(Sizes {
        params,
        grads: update.map_or(0, |_| description.gradients_len),
        state: update.map_or(0, |update| update.slots() * params),
        arena,
        batch,
        targets: update
            .map_or(0, |_| batch.saturating_mul(description.target().len(description.output_len()))),
    })
}

/// Room on the host for the scores of a batch.
fn scores(description: &Description, batch: usize) -> Result<Vec<f32>> {
    // The arena holds them too, so that their number is one.
    let len = batch * description.infer.outputs.first().map_or(0, Map::len);
    let mut scores = Vec::new();
    scores.try_reserve_exact(len).map_err(|error| {
        let message = format!("no memory for the scores of {batch} images");
        DeviceError::new(message).with_remedy(Remedy::SmallerBatch { at_most: None }).with_source(error)
    })?;
    scores.resize(len, 0.0);
    Ok(scores)
}
