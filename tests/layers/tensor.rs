//! A dense `[N, C, H, W]` array of f64, in which the references compute.

use std::ops::{Index, IndexMut};

#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) shape: [usize; 4],
    pub(crate) data: Vec<f64>,
}

impl Tensor {
    pub(crate) fn zeros(shape: [usize; 4]) -> Tensor {
        Tensor { shape, data: vec![0.0; shape.iter().product()] }
    }

    pub(crate) fn from_fn(shape: [usize; 4], mut value: impl FnMut([usize; 4]) -> f64) -> Tensor {
        let mut tensor = Tensor::zeros(shape);
        for place in indices(shape) {
            tensor[place] = value(place);
        }
        tensor
    }
}

/// All positions in row-major order.
pub(crate) fn indices([n, c, h, w]: [usize; 4]) -> impl Iterator<Item = [usize; 4]> {
    (0..n * c * h * w).map(move |at| [at / (c * h * w), at / (h * w) % c, at / w % h, at % w])
}

impl Index<[usize; 4]> for Tensor {
    type Output = f64;
    fn index(&self, [n, c, h, w]: [usize; 4]) -> &f64 {
        &self.data[((n * self.shape[1] + c) * self.shape[2] + h) * self.shape[3] + w]
    }
}

impl IndexMut<[usize; 4]> for Tensor {
    fn index_mut(&mut self, [n, c, h, w]: [usize; 4]) -> &mut f64 {
        &mut self.data[((n * self.shape[1] + c) * self.shape[2] + h) * self.shape[3] + w]
    }
}
