//! How many unusable images a run passes over before it gives up.
//!
//! Each is told once, however often it is met: training meets it in every epoch.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use crate::error::{Error, Result};

/// A number of files that may be bad, and those that were.
pub struct Tolerance {
    limit: usize,
    /// Where the limit can be raised.
    advice: &'static str,
    tell: fn(&str),
    met: Mutex<BTreeSet<PathBuf>>,
}

impl Tolerance {
    /// Ends at the first bad file.
    pub const fn none() -> Tolerance {
        Tolerance::of(0, "", |_| {})
    }

    /// Tolerates up to `limit` bad files and calls `tell` with a line about each. The error about one too many ends with
    /// `advice`.
    pub const fn of(limit: usize, advice: &'static str, tell: fn(&str)) -> Tolerance {
        Tolerance { limit, advice, tell, met: Mutex::new(BTreeSet::new()) }
    }

    /// Passes over an image, or not.
    ///
    /// # Errors
    ///
    /// The error itself if it is not about a file, or about one too many.
    pub fn excuse(&self, error: Error) -> Result<()> {
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
        (self.tell)(&format!("skipped {}: {message}", path.display()));
        met.insert(path);
        Ok(())
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
        let tolerance = Tolerance::of(2, "; skip more", |_| {});
        for name in ["a", "b", "a", "b"] {
            tolerance.excuse(bad(name)).unwrap();
        }
        let error = tolerance.excuse(bad("c")).unwrap_err();
        assert!(matches!(error, crate::Error::Data { .. }), "{error}");
        assert_eq!(error.to_string(), "c: damaged; 2 skipped before; skip more");
        let error = Tolerance::none().excuse(bad("c")).unwrap_err().to_string();
        assert_eq!(error, "c: damaged");
    }
}
