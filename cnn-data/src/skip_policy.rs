//! How many unusable images a run passes over before it gives up.
//!
//! Each is told once, however often it is met: training meets it in every epoch.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use cnn_core::{Error, Result};

/// The number of files that may be bad, and those that were. Copies share both.
#[derive(Clone, Debug)]
pub struct SkipPolicy {
    limit: usize,
    /// What the error about one file too many ends with.
    advice: &'static str,
    log_line: fn(&str),
    met: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl SkipPolicy {
    /// Skips nothing: the first bad file is an error.
    pub fn none() -> SkipPolicy {
        SkipPolicy::up_to(0)
    }

    /// Skips up to this many bad files.
    pub fn up_to(limit: usize) -> SkipPolicy {
        SkipPolicy { limit, advice: "", log_line: |_| {}, met: Arc::default() }
    }

    /// Ends the error about one file too many with a text, such as where the limit can be raised.
    pub fn advice(self, advice: &'static str) -> SkipPolicy {
        SkipPolicy { advice, ..self }
    }

    /// Calls a function with a line about each file that is skipped.
    pub fn log(self, log_line: fn(&str)) -> SkipPolicy {
        SkipPolicy { log_line, ..self }
    }

    /// Passes over an image that cannot be used, unless there were too many.
    ///
    /// # Errors
    ///
    /// The error itself if it is not about a file, or about one too many.
    pub fn skip(&self, error: Error) -> Result<()> {
        let Error::Data { path, message } = error else { return Err(error) };
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if met.contains(&path) {
            return Ok(());
        }
        if met.len() == self.limit {
            let skipped =
                if self.limit == 0 { String::new() } else { format!("; {} skipped before", self.limit) };
            return Err(Error::Data { path, message: message + &skipped + self.advice });
        }
        (self.log_line)(&format!("skipped {}: {message}", path.display()));
        met.insert(path);
        Ok(())
    }
}

impl Default for SkipPolicy {
    /// [`SkipPolicy::none`].
    fn default() -> SkipPolicy {
        SkipPolicy::none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(name: &str) -> Error {
        Error::Data { path: name.into(), message: "damaged".into() }
    }

    #[test]
    fn the_same_file_counts_once() {
        let policy = SkipPolicy::up_to(2).advice("; skip more");
        for name in ["a", "b", "a", "b"] {
            policy.skip(bad(name)).unwrap();
        }
        let error = policy.clone().skip(bad("c")).unwrap_err();
        assert!(matches!(error, crate::Error::Data { .. }), "{error}");
        assert_eq!(error.to_string(), "c: damaged; 2 skipped before; skip more");
        let error = SkipPolicy::none().skip(bad("c")).unwrap_err().to_string();
        assert_eq!(error, "c: damaged");
    }
}
