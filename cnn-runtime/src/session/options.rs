//! What a session is made for.

use crate::{network::Model, optim::Update};

/// What a [`Session`](crate::Session) is made for: training or inference, the largest batch, and
/// the seed.
///
/// ```
/// # fn example(model: cnn_runtime::Model) {
/// use cnn_runtime::Options;
///
/// let as_declared = Options::train(&model);
/// let smaller = Options::train(&model).batch(32).seed(7);
/// let one_image_at_a_time = Options::infer(1);
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Options {
    pub(super) batch: usize,
    pub(super) update: Option<Update>,
    pub(super) seed: u64,
    pub(super) measures_norm: bool,
}

impl Options {
    /// Training as the network's `train { }` declares it, batch and update, and inference in
    /// between. The seed is 0.
    pub const fn train(model: &Model) -> Options {
        let training = &model.description().training;
        Options { update: Some(training.update), ..Options::infer(training.batch) }
    }

    /// Inference only, which needs less memory, on up to `batch` images at a time. The seed is 0.
    pub const fn infer(batch: usize) -> Options {
        Options { batch, update: None, seed: 0, measures_norm: false }
    }

    /// The same with another number of samples in the largest batch.
    #[must_use]
    pub const fn batch(self, batch: usize) -> Options {
        Options { batch, ..self }
    }

    /// The same with this update after each training step.
    #[must_use]
    pub const fn update(self, update: Update) -> Options {
        Options { update: Some(update), ..self }
    }

    /// The same, taking the norm of all gradients before each update, which reports then have the
    /// mean of, and [`Session::gradient_norm`](crate::Session::gradient_norm). That is another pass
    /// over the gradients, and keeps those of large parameters that would never be in memory as a
    /// whole. An update that limits the norm takes it anyway.
    #[must_use]
    pub const fn gradient_norm(self, is_taken: bool) -> Options {
        Options { measures_norm: is_taken, ..self }
    }

    /// The same with another seed of the initial parameters and of every dropout mask.
    #[must_use]
    pub const fn seed(self, seed: u64) -> Options {
        Options { seed, ..self }
    }
}

impl Default for Options {
    /// Inference on one image at a time.
    fn default() -> Options {
        Options::infer(1)
    }
}
