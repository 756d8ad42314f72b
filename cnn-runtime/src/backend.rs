//! Backends: what runs the steps of a network, and the door for one that this crate does not know.
//!
//! The CPU engine and OpenCL are the two that come with it. Another one is a type that implements
//! [`Backend`], which makes an [`Engine`] for each session: memory in classes, an arena, and the
//! steps of [`crate::plan`]. [`Device::new`](crate::Device::new) takes it, and everything else
//! works on it: sessions, training, and with `Trainer::device` the whole command line.
//!
//! | an engine is asked for | by |
//! |---|---|
//! | memory, written and read at offsets | [`Engine::write`], [`Engine::read`] |
//! | a batch: images into the arena, targets | [`Engine::write_map`], [`Engine::write_targets`] |
//! | a pass: one call of [`Steps::step`](crate::plan::Steps::step) for each step | [`Engine::run`] |
//! | the update of the parameters | [`Engine::update`] |
//!
//! Where things lie is said in [`crate::plan`], what each step computes at its row there
//! ([`StepRef`](crate::plan::StepRef) lists them), the rules of updates in [`crate::optim`], and how
//! dropout's masks are drawn in [`rng`]. A new layer of this crate may be a new step, and so a new
//! major version.
//!
//! To check an engine, run a network on it and on [`Device::cpu`](crate::Device::cpu) and compare
//! what [`Session::watch`](crate::Session::watch) shows of each step. `tests/doors` in the
//! repository does, with an interpreter that is a place to start from.

pub use cnn_core::rng;

pub use crate::engine::{Class, Engine, LossSums, Pass, PendingUpdate, Sizes};
use crate::{Result, device::Limits};

/// A device of some kind, which any number of sessions may run on.
///
/// ```
/// use cnn_runtime::{
///     Device, DeviceError, Result,
///     backend::{Backend, Engine, Sizes},
/// };
///
/// /// A device of the future.
/// struct Quantum;
///
/// impl Backend for Quantum {
///     fn kind(&self) -> &'static str {
///         "quantum"
///     }
///
///     fn describe(&self) -> String {
///         "quantum (0 qubits)".to_owned()
///     }
///
///     fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>> {
///         Err(DeviceError::new(format!("no room for {} parameters", sizes.params)).into())
///     }
/// }
///
/// let device = Device::new(Quantum);
/// assert_eq!((device.kind(), device.threads()), ("quantum", 1));
/// ```
pub trait Backend: Send + Sync + 'static {
    /// Its kind in one word, `cpu`.
    fn kind(&self) -> &'static str;

    /// One line for humans: which device this is.
    fn describe(&self) -> String;

    /// A network's memory on the device. Parameters, gradients and state are zero; what is in the
    /// arena and in the targets does not matter. Whoever asks checks every call of the engine against
    /// the same sizes first.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if there is too little memory.
    fn engine(&self, sizes: &Sizes) -> Result<Box<dyn Engine>>;

    /// Threads that the engine computes with; 1 where the host only asks.
    fn threads(&self) -> usize {
        1
    }

    /// Calls `work` once, on a thread from which steps start fastest.
    fn install(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    /// What the device can do at most, measured now; `None` where nobody knows.
    ///
    /// # Errors
    /// [`crate::Error::Device`] if there is no memory to measure with.
    fn limits(&self) -> Result<Option<Limits>> {
        Ok(None)
    }
}
