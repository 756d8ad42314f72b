//! The end of a trainer: exit codes, and errors in the words of the command line.

use cnn_core::{Error, Remedy};

/// The end of a command that did not fail.
#[derive(Debug)]
pub(super) enum Ending {
    /// All is done.
    Done,
    /// A signal ended training.
    Interrupted {
        /// What was saved and how to go on.
        message: String,
        /// The exit code that a shell expects: 128 and the signal's number.
        exit_code: u8,
    },
}

/// The exit code of a command that failed.
pub(super) fn code(error: &Error) -> u8 {
    match error {
        Error::Usage(_) => 2,
        Error::Data { .. } => 3,
        Error::Device(_) => 4,
        Error::Diverged { .. } | Error::Unusable { .. } => 5,
        // Weights, files, and whatever has no code of its own.
        _ => 1,
    }
}

/// The text of an error, and the options that would help.
pub(super) fn message(error: &Error) -> String {
    error.remedies().iter().fold(error.to_string(), |text, &remedy| text + &advice(remedy))
}

/// The options that a remedy means, as the end of a sentence that says what is wrong.
fn advice(remedy: Remedy) -> String {
    match remedy {
        Remedy::SmallerBatch { at_most: Some(batch) } => format!("; try --batch {batch}"),
        Remedy::SmallerBatch { at_most: None } => "; try a smaller --batch".into(),
        Remedy::FewerThreads => "; try fewer --threads".into(),
        Remedy::SmallerLearningRate => "; try a smaller --lr".into(),
        Remedy::SavedWeights => ", with --init FILE from a last.safetensors if there is one".into(),
        Remedy::LargerDevice => "; use another device".into(),
        Remedy::CpuEngine => ", or use --device cpu".into(),
        // One that no option means.
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceError;

    #[test]
    fn remedies_are_said_in_options() {
        let device = |remedies: &[Remedy]| {
            let error = DeviceError::new("no memory");
            Error::from(remedies.iter().fold(error, |error, &remedy| error.with_remedy(remedy)))
        };
        let diverged = Error::diverged("the loss", 3)(f64::NAN);
        for (error, expected) in [
            (device(&[]), "no memory"),
            (device(&[Remedy::SmallerBatch { at_most: Some(10) }]), "no memory; try --batch 10"),
            (
                device(&[Remedy::SmallerBatch { at_most: None }, Remedy::CpuEngine]),
                "no memory; try a smaller --batch, or use --device cpu",
            ),
            (device(&[Remedy::FewerThreads]), "no memory; try fewer --threads"),
            (device(&[Remedy::LargerDevice]), "no memory; use another device"),
            (
                diverged,
                "training diverged: the loss is NaN in epoch 3; what was saved before stays; try a smaller --lr",
            ),
        ] {
            assert_eq!(message(&error), expected);
        }
    }

    #[test]
    fn each_kind_of_error_has_its_code() {
        let of_file = |path: &str| (path.into(), String::new());
        let (path, message) = of_file("x");
        assert_eq!(code(&Error::Data { path, message }), 3);
        let (path, message) = of_file("x");
        assert_eq!(code(&Error::Weights { path, message }), 1);
        let source = std::io::Error::other("full");
        assert_eq!(code(&Error::Io { path: "x".into(), action: "write", source }), 1);
        assert_eq!(code(&Error::Usage(String::new())), 2);
        assert_eq!(code(&DeviceError::new("lost").into()), 4);
        assert_eq!(code(&Error::diverged("the loss", 1)(f64::NAN)), 5);
        assert_eq!(code(&Error::Unusable { loss: f64::NAN }), 5);
    }
}
