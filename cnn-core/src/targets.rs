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
    /// All numbers as a device keeps them: classes, and real numbers in their bits.
    ///
    /// ```
    /// use cnn_runtime::Targets;
    ///
    /// assert!(Targets::from(&[2, 0]).words().eq([2, 0]));
    /// assert!(Targets::from(&[1.0]).words().eq([1f32.to_bits()]));
    /// ```
    pub fn words(&self) -> impl Iterator<Item = u32> + use<'a> {
        let (classes, values) = match *self {
            Targets::Classes(classes) => (classes, &[][..]),
            Targets::Values(values) => (&[][..], values),
        };
        classes.iter().copied().chain(values.iter().map(|value| value.to_bits()))
    }

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

/// Makes targets of borrowed numbers, however they are held.
macro_rules! from_numbers {
    ($($number:ty => $variant:ident),*) => {$(
        impl<'a> From<&'a [$number]> for Targets<'a> {
            fn from(numbers: &'a [$number]) -> Targets<'a> {
                Targets::$variant(numbers)
            }
        }

        impl<'a, const N: usize> From<&'a [$number; N]> for Targets<'a> {
            fn from(numbers: &'a [$number; N]) -> Targets<'a> {
                Targets::$variant(numbers)
            }
        }

        impl<'a> From<&'a Vec<$number>> for Targets<'a> {
            fn from(numbers: &'a Vec<$number>) -> Targets<'a> {
                Targets::$variant(numbers)
            }
        }
    )*};
}

from_numbers!(u32 => Classes, f32 => Values);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_sample_beyond_the_last() {
        let targets = Targets::from(&[0.5, 1.5, 2.5]);
        assert_eq!(targets.sample(2, 1), Targets::Values(&[2.5]));
        for (index, numbers) in [(3, 1), (1, 2), (usize::MAX, usize::MAX), (0, usize::MAX), (0, 0)] {
            assert!(targets.sample(index, numbers).is_empty(), "{index} {numbers}");
        }
        assert_eq!((Targets::Classes(&[]).class(), targets.class()), (None, None));
    }
}
