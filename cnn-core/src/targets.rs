//! What a network's answers are compared with, as numbers.

/// The targets of samples, one after the other.
///
/// ```
/// use cnn_runtime::Targets;
///
/// let classes = Targets::from(&[2, 0]);
/// assert_eq!(classes, Targets::Classes(&[2, 0]));
/// let positions = Targets::from(&[0.5, 0.25, -1.0, 3.0]);
/// assert_eq!(positions.sample(1, 2), Targets::Values(&[-1.0, 3.0]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Targets<'a> {
    /// A class for each sample.
    Classes(&'a [u32]),
    /// A number for each output of each sample: a real value; or 1 for a label that the sample has,
    /// and 0 for one that it has not.
    Values(&'a [f32]),
}

impl<'a> Targets<'a> {
    /// The number of all numbers.
    pub const fn len(&self) -> usize {
        match self {
            Targets::Classes(classes) => classes.len(),
            Targets::Values(values) => values.len(),
        }
    }

    /// True without numbers.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The target of one of several samples, which have so many numbers each; empty beyond the last.
    pub fn sample(&self, index: usize, numbers: usize) -> Targets<'a> {
        let start = index.saturating_mul(numbers);
        let range = start..start.saturating_add(numbers);
        match self {
            Targets::Classes(classes) => Targets::Classes(classes.get(range).unwrap_or_default()),
            Targets::Values(values) => Targets::Values(values.get(range).unwrap_or_default()),
        }
    }

    /// The class of the first sample, if these are classes.
    pub fn class(&self) -> Option<usize> {
        match self {
            Targets::Classes(classes) => classes.first().map(|&class| class as usize),
            Targets::Values(_) => None,
        }
    }

    /// The numbers, unless these are classes.
    pub const fn values(&self) -> Option<&'a [f32]> {
        match self {
            Targets::Classes(_) => None,
            Targets::Values(values) => Some(values),
        }
    }
}

impl<'a> From<&'a [u32]> for Targets<'a> {
    fn from(classes: &'a [u32]) -> Targets<'a> {
        Targets::Classes(classes)
    }
}

impl<'a, const N: usize> From<&'a [u32; N]> for Targets<'a> {
    fn from(classes: &'a [u32; N]) -> Targets<'a> {
        Targets::Classes(classes)
    }
}

impl<'a> From<&'a Vec<u32>> for Targets<'a> {
    fn from(classes: &'a Vec<u32>) -> Targets<'a> {
        Targets::Classes(classes)
    }
}

impl<'a> From<&'a [f32]> for Targets<'a> {
    fn from(values: &'a [f32]) -> Targets<'a> {
        Targets::Values(values)
    }
}

impl<'a, const N: usize> From<&'a [f32; N]> for Targets<'a> {
    fn from(values: &'a [f32; N]) -> Targets<'a> {
        Targets::Values(values)
    }
}

impl<'a> From<&'a Vec<f32>> for Targets<'a> {
    fn from(values: &'a Vec<f32>) -> Targets<'a> {
        Targets::Values(values)
    }
}
