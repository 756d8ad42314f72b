//! Which images are for training and which are held out for validation.
//!
//! All draws are by seed and over the whole set: a set sorted by class is drawn from as evenly as a
//! shuffled one.

use cnn_core::{
    Error, Result,
    rng::{Stream, subkey},
};

use super::all_indices;

/// Sets the stream of the split apart from every other use of the seed.
const PURPOSE: u64 = u64::from_be_bytes(*b"  split ");

/// Sets the stream of the sample apart from every other use of the seed.
const SAMPLE: u64 = u64::from_be_bytes(*b" sample ");

/// Indices into the training set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The images to train on.
    pub train: Vec<u32>,
    /// The images to measure on; empty without a fraction.
    pub validation: Vec<u32>,
}

/// Indices of up to `limit` of `count` images, drawn by seed, in ascending order.
///
/// # Errors
///
/// [`Error::Usage`] if there are more images than a u32 counts, [`Error::Device`] if there is no
/// memory for their indices.
pub fn sample(count: usize, limit: usize, seed: u64) -> Result<Vec<u32>> {
    let mut indices = all_indices(count)?;
    if limit < count {
        Stream::new(subkey(seed, SAMPLE)).shuffle(&mut indices);
        indices.truncate(limit);
        indices.sort_unstable();
    }
    Ok(indices)
}

/// Holds out a fraction of some images, drawn by seed.
///
/// # Errors
///
/// [`Error::Usage`] if one side of the split would be empty.
pub fn split(mut train: Vec<u32>, fraction: Option<f64>, seed: u64) -> Result<Split> {
    let Some(fraction) = fraction else { return Ok(Split { train, validation: Vec::new() }) };
    let count = train.len();
    let held_out = (count as f64 * fraction).round() as usize;
    if held_out == 0 || held_out >= count {
        let message = format!("a share of {fraction} of {count} images leaves one side empty");
        return Err(Error::Usage(message));
    }
    Stream::new(subkey(seed, PURPOSE)).shuffle(&mut train);
    let validation = train.split_off(count - held_out);
    Ok(Split { train, validation })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(count: u32) -> Vec<u32> {
        (0..count).collect()
    }

    #[test]
    fn a_sample_comes_from_the_whole_set_and_is_repeatable() {
        let found = sample(1000, 100, 7).unwrap();
        assert!(found.len() == 100 && found.is_sorted());
        // Of a set in two halves, a class each, neither class is rare: 50 and 50, with a deviation
        // of 5.
        let first = found.iter().filter(|&&index| index < 500).count();
        assert!((25..75).contains(&first), "{first}");
        assert_eq!(found, sample(1000, 100, 7).unwrap());
        assert_ne!(found, sample(1000, 100, 8).unwrap());
        assert_eq!(sample(3, 5, 7).unwrap(), [0, 1, 2]);
    }

    #[test]
    fn sides_are_disjoint_complete_and_repeatable() {
        let Split { train, validation } = split(all(100), Some(0.25), 7).unwrap();
        assert_eq!((train.len(), validation.len()), (75, 25));
        let mut both = [train.clone(), validation].concat();
        both.sort_unstable();
        assert_eq!(both, all(100));
        assert_eq!(train, split(all(100), Some(0.25), 7).unwrap().train);
        assert_ne!(train, split(all(100), Some(0.25), 8).unwrap().train);
    }

    #[test]
    fn an_empty_side_is_an_error() {
        for share in [0.1, 0.9, 0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(split(all(3), Some(share), 0), Err(Error::Usage(_))), "{share}");
        }
    }
}
