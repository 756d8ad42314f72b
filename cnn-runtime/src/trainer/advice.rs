//! Which option helps: errors of the library know no command line, so their messages get it here.

use cnn_core::Error;

/// Adds to the message of an error about data, weights or usage what an option does about it.
pub(super) fn advise(error: Error, advice: &str) -> Error {
    let with = |message: String| format!("{message}; {advice}");
    match error {
        Error::Data { path, message } => Error::Data { path, message: with(message) },
        Error::Weights { path, message } => Error::Weights { path, message: with(message) },
        Error::Usage(message) => Error::Usage(with(message)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_follows_the_message() {
        let error = Error::Data { path: "a".into(), message: "damaged".into() };
        assert_eq!(advise(error, "--data-dir names it").to_string(), "a: damaged; --data-dir names it");
    }
}
