//! The training loop: fit > epoch > batch. It measures and updates; everything else is a
//! [`Callback`].
//!
//! A pass over the training set is a function of (seed, epoch) alone, and a loss that is not finite
//! ends training before anything is reported or saved. All state of the loop is its [`Position`],
//! so a run can be saved between any two updates and resumed.

mod assessment;
mod callback;
mod confusion;
#[cfg(feature = "curves")]
mod curves;
mod early_stopping;
mod ensemble;
mod epochs;
mod evaluate;
mod fit;
mod keep;
mod learning_rate;
mod record;
mod save_every;
mod score;
mod tally;
#[cfg(feature = "tensorboard")]
mod tensorboard;

pub use crate::history::{EpochReport, Position, best};
pub use assessment::{Assessment, Details};
pub use callback::{Callback, Flow, Progress, Start};
pub use confusion::{ClassScore, Confusion};
#[cfg(feature = "curves")]
pub use curves::Curves;
pub use early_stopping::EarlyStopping;
pub use ensemble::{Ensemble, predictions};
#[cfg(feature = "trainer")]
pub(crate) use evaluate::evaluate_until;
pub use evaluate::{evaluate, infer_all};
pub use fit::Fit;
pub use keep::KeepWeights;
pub use learning_rate::LearningRate;
pub use record::Record;
pub use save_every::SaveEvery;
pub use score::Score;
pub use tally::ValueScore;
#[cfg(feature = "tensorboard")]
pub use tensorboard::TensorBoard;
