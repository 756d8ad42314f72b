//! Memory whose size follows from a caller's number (a batch, steps, pixels), taken so that its
//! absence is an error and not the end of the process.

use crate::{DeviceError, Error, Result};

/// Makes room for more elements of a vector; `what` says what they are.
///
/// # Errors
///
/// [`Error::Device`] if that much memory is not there.
pub fn reserve<T>(vector: &mut Vec<T>, more: usize, what: &str) -> Result<()> {
    vector.try_reserve_exact(more).map_err(|_| {
        let bytes = (more as u128) * size_of::<T>() as u128;
        Error::from(DeviceError::new(format!("out of memory: {what} need {bytes} bytes more")))
    })
}

/// A vector of `len` equal elements.
///
/// # Errors
///
/// As [`reserve`].
pub fn filled<T: Clone>(len: usize, value: T, what: &str) -> Result<Vec<T>> {
    let mut vector = Vec::new();
    resize(&mut vector, len, value, what)?;
    Ok(vector)
}

/// Gives a vector another length; elements that are added equal `value`.
///
/// # Errors
///
/// As [`reserve`].
pub fn resize<T: Clone>(vector: &mut Vec<T>, len: usize, value: T, what: &str) -> Result<()> {
    reserve(vector, len.saturating_sub(vector.len()), what)?;
    vector.resize(len, value);
    Ok(())
}

/// The product of sizes, saturated: a number that no memory holds stays one that no memory holds.
pub fn product(sizes: &[usize]) -> usize {
    if sizes.contains(&0) {
        0
    } else {
        sizes.iter().fold(1, |product: usize, &size| product.saturating_mul(size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_memory_holds_is_an_error() {
        for len in [usize::MAX, usize::MAX / 4, 1 << 60] {
            let error = filled(len, 0.0f32, "the images").unwrap_err();
            assert!(matches!(error, Error::Device(_)), "{error}");
            assert!(error.to_string().contains(&(len as u128 * 4).to_string()), "{error}");
        }
        assert_eq!(filled(2, 1u8, "two").unwrap(), [1, 1]);
        assert_eq!(product(&[usize::MAX, 3, 0]), 0);
        assert_eq!(product(&[usize::MAX, 3]), usize::MAX);
    }
}
