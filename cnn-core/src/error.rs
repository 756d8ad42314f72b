//! The error type of the library: what went wrong, where, and the values that a program needs to
//! react to it.
//!
//! Messages know no command line. What would help is a value, [`Remedy`], which a program puts into
//! the words of its own interface, as [`crate::Error::remedies`] lists them.

use std::path::{Path, PathBuf};

/// Result with the crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong at run time. The text of each is one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument of a call is wrong, or the call is not possible in this state.
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
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Training made the loss or a parameter NaN or infinite.
    #[error("training diverged: {what} is {value} in epoch {epoch}; what was saved before stays")]
    Diverged {
        /// The loss, or the name of a parameter or of a part of the optimizer's state.
        what: String,
        /// NaN or infinite.
        value: f64,
        /// Epoch, from 1.
        epoch: usize,
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
    pub fn diverged(what: &str, epoch: usize) -> impl FnOnce(f64) -> Error {
        move |value| Error::Diverged { what: what.into(), value, epoch }
    }

    /// [`Error::Weights`] about a file.
    pub fn weights(path: &Path, message: impl Into<String>) -> Error {
        Error::Weights { path: path.into(), message: message.into() }
    }

    /// What would help, the best first; empty where nothing but the message is known.
    pub fn remedies(&self) -> &[Remedy] {
        match self {
            Error::Device(error) => &error.remedies,
            Error::Diverged { .. } => &[Remedy::SmallerLearningRate],
            Error::Usage(_)
            | Error::Data { .. }
            | Error::Weights { .. }
            | Error::Io { .. }
            | Error::Unusable { .. } => &[],
        }
    }
}

/// What would help against an error.
///
/// ```
/// use cnn_runtime::{DeviceError, Error, Remedy};
///
/// let remedy = Remedy::SmallerBatch { at_most: Some(10) };
/// let error = Error::from(DeviceError::new("no memory").with_remedy(remedy));
/// assert_eq!(error.to_string(), "no memory");
/// assert_eq!(error.remedies(), [remedy]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Fewer samples in a batch.
    SmallerBatch {
        /// How many the device has memory for, where that is known.
        at_most: Option<u64>,
    },
    /// Fewer threads of the CPU engine.
    FewerThreads,
    /// A smaller learning rate.
    SmallerLearningRate,
    /// A start of the run from the weights that it saved last.
    SavedWeights,
    /// A device with more memory.
    LargerDevice,
    /// The CPU engine in place of this device.
    CpuEngine,
}

/// A device that is not there, failed, or has too little memory.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DeviceError {
    message: String,
    remedies: Vec<Remedy>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl DeviceError {
    /// An error with a message of one line: what was asked of the device, and what it has or said.
    pub fn new(message: impl Into<String>) -> DeviceError {
        DeviceError { message: message.into(), remedies: Vec::new(), source: None }
    }

    /// The same error with one more thing that would help.
    #[must_use]
    pub fn with_remedy(mut self, remedy: Remedy) -> DeviceError {
        self.remedies.push(remedy);
        self
    }

    /// The same error with its cause: what the system or the driver said.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DeviceError {
        self.source = Some(source.into());
        self
    }
}

/// Errors cross threads, and stand behind `Box<dyn Error + Send + Sync>` of others.
const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Error>();
};

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_device_error_keeps_its_source_and_its_remedies() {
        let cause = std::io::Error::other("no processes left");
        let error = DeviceError::new("cannot start threads").with_source(cause);
        let error = Error::from(error.with_remedy(Remedy::FewerThreads).with_remedy(Remedy::CpuEngine));
        assert_eq!(error.to_string(), "cannot start threads");
        assert_eq!(error.remedies(), [Remedy::FewerThreads, Remedy::CpuEngine]);
        assert_eq!(error.source().expect("a cause").to_string(), "no processes left");
    }
}
