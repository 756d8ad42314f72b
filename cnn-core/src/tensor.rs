//! A named tensor in memory, as files of tensors hold it.

use crate::{Error, Result};

/// A tensor with a name, a shape and as many values as the shape asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    name: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

impl Tensor {
    /// A tensor of this name and shape; the last dimension of its values is the fastest.
    ///
    /// ```
    /// use cnn_runtime::weights::Tensor;
    ///
    /// let bias = Tensor::new("conv1.bias", &[2], vec![0.5, -0.5])?;
    /// assert_eq!(bias.shape(), [2]);
    /// assert!(Tensor::new("conv1.bias", &[2], vec![]).is_err());
    /// # Ok::<(), cnn_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Usage`] if the shape asks for another number of values.
    pub fn new(name: impl Into<String>, shape: &[usize], values: Vec<f32>) -> Result<Tensor> {
        let name = name.into();
        let expected = shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
        if expected != Some(values.len()) {
            let found = values.len();
            return Err(Error::Usage(format!(
                "{name}: expected the values of shape {shape:?}, found {found}"
            )));
        }
        Ok(Tensor { name, shape: shape.into(), values })
    }

    /// The path of the tensor, such as `conv1.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, the last dimension fastest.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_has_its_number_of_values() {
        assert!(Tensor::new("scalar", &[], vec![1.0]).is_ok());
        assert!(Tensor::new("empty", &[0, 2], vec![]).is_ok());
        for shape in [&[][..], &[2], &[usize::MAX, usize::MAX], &[usize::MAX, 2, 0]] {
            let error = Tensor::new("a", shape, vec![]).unwrap_err();
            assert!(error.to_string().starts_with("a: expected the values of shape ["), "{error}");
        }
    }
}
