//! Which images are for training and which are held out for validation.

use crate::{
    error::{Error, Result},
    rng::{Stream, subkey},
};

/// Sets the stream of the split apart from every other use of the seed.
const PURPOSE: u64 = u64::from_be_bytes(*b"  split ");

/// Indices into the training set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// For updates.
    pub train: Vec<u32>,
    /// For measuring only; empty without a fraction.
    pub validation: Vec<u32>,
}

/// Holds out a fraction of `count` images, drawn by seed: a set sorted by class splits as evenly as a shuffled one.
///
/// # Errors
///
/// [`Error::Usage`] if one side of the split would be empty.
pub fn split(count: usize, fraction: Option<f64>, seed: u64) -> Result<Split> {
    let mut train: Vec<u32> = (0..count as u32).collect();
    let Some(fraction) = fraction else { return Ok(Split { train, validation: Vec::new() }) };
    let held_out = (count as f64 * fraction).round() as usize;
    if held_out == 0 || held_out >= count {
        let message = format!("--val-split {fraction} of {count} images leaves one side empty");
        return Err(Error::Usage(message));
    }
    Stream::new(subkey(seed, PURPOSE)).shuffle(&mut train);
    let validation = train.split_off(count - held_out);
    Ok(Split { train, validation })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_disjoint_complete_and_repeatable() {
        let Split { train, validation } = split(100, Some(0.25), 7).unwrap();
        assert_eq!((train.len(), validation.len()), (75, 25));
        let mut all = [train.clone(), validation].concat();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
        assert_eq!(train, split(100, Some(0.25), 7).unwrap().train);
        assert_ne!(train, split(100, Some(0.25), 8).unwrap().train);
    }

    #[test]
    fn an_empty_side_is_an_error() {
        assert_eq!(split(3, Some(0.1), 0).unwrap_err().exit_code(), 2);
        assert_eq!(split(3, Some(0.9), 0).unwrap_err().exit_code(), 2);
    }
}
