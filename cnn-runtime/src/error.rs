//! The one error type: what went wrong, where, and what to do, in one line; and the exit code it stands for.

use std::path::PathBuf;

/// Result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong at run time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A flag or argument is wrong.
    #[error("{0}")]
    Usage(String),
    /// A data set or image cannot be used.
    #[error("{}: {message}", path.display())]
    Data {
        /// File or folder.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A weights file or checkpoint is damaged or does not fit the network or the run.
    #[error("{}: {message}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A file cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// `read`, `write`, `create`.
        action: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// No such device, a driver failed, or memory ran out.
    #[error("{0}")]
    Device(String),
    /// Training made the loss or a parameter NaN or infinite.
    #[error(
        "training diverged: {what} is {value} in epoch {epoch}; what was saved before stays; try a smaller --lr"
    )]
    Diverged {
        /// The loss, or the name of a parameter or of a part of the optimizer's state.
        what: String,
        /// NaN or infinite.
        value: f64,
        /// Epoch, from 1.
        epoch: usize,
    },
    /// A signal ended training.
    #[error("{message}")]
    Interrupted {
        /// What was saved and how to go on.
        message: String,
        /// As a shell has it: 128 and the signal's number.
        exit_code: u8,
    },
    /// Weights that were given, not trained, score NaN or infinity.
    #[error("the loss is {loss}: these weights hold no usable values")]
    Unusable {
        /// The loss as computed.
        loss: f64,
    },
}

impl Error {
    /// [`Error::Diverged`] of a value.
    #[cfg(feature = "data")]
    pub(crate) fn diverged(what: &str, epoch: usize) -> impl FnOnce(f64) -> Error {
        move |value| Error::Diverged { what: what.into(), value, epoch }
    }

    /// The exit code of a trainer that ends with this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::Data { .. } => 3,
            Error::Device(_) => 4,
            Error::Diverged { .. } | Error::Unusable { .. } => 5,
            Error::Interrupted { exit_code, .. } => *exit_code,
            Error::Weights { .. } | Error::Io { .. } => 1,
        }
    }
}
