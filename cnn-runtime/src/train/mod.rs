//! The training loop: fit > epoch > batch. It measures and updates; everything else is a [`Callback`].
//!
//! A pass over the training set is a function of (seed, epoch) alone, and a loss that is not finite ends training
//! before anything is reported or saved. All state of the loop is its [`Position`], so a run can be saved between any two
//! batches and resumed.

mod callback;
mod early_stopping;
mod evaluate;
mod fit;
mod keep;
mod position;
mod record;
mod save_every;
mod saved;

pub use callback::{Callback, EpochReport, Flow, Progress, Start, best};
pub use early_stopping::EarlyStopping;
pub use evaluate::{Score, evaluate};
pub use fit::Fit;
pub use keep::KeepWeights;
pub use position::Position;
pub use record::Record;
pub use save_every::SaveEvery;
