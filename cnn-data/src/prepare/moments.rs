//! Mean, variance and covariance of the elements of images, in one pass, in f64.
//!
//! Blocks of images come in order and every sum runs in that order, so the result does not depend
//! on the threads. Means and variances are Welford's (1962); the covariance is `sum(x x') / count -
//! mean mean'`, accumulated in panels of columns.

use cnn_plan::{Per, Prepare};
use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut};
use rayon::prelude::*;

/// Elements that one task sums up.
const ELEMENTS: usize = 4096;

/// Columns of the covariance that one task sums up.
const PANEL: usize = 128;

/// The moments that stages need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whether covariances are needed beside means and variances.
    pub(crate) covariance: bool,
}

impl Wanted {
    /// The moments that these stages need, if any of them is fitted.
    pub(super) fn by(stages: &[Prepare]) -> Option<Wanted> {
        let covariance = stages.iter().any(|stage| matches!(stage, Prepare::Whiten { .. }));
        let moments = |stage: &Prepare| matches!(stage, Prepare::MeanSubtract(_) | Prepare::Standardise(_));
        (covariance || stages.iter().any(moments)).then_some(Wanted { covariance })
    }
}

/// Moments of the elements of images `[C, H, W]`.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(super) input: [usize; 3],
    count: u64,
    /// Mean of each element.
    pub(super) mean: Vec<f64>,
    /// Sum of squared deviations of each element.
    squares: Vec<f64>,
    /// Sum of products of any two elements; the columns' upper ends are left out until the end.
    products: Option<DMatrix<f64>>,
}

impl Moments {
    /// The moments of no images yet.
    pub(crate) fn new(input: [usize; 3], wanted: Wanted) -> Moments {
        let size = input.iter().product();
        let products = wanted.covariance.then(|| DMatrix::zeros(size, size));
        Moments { input, count: 0, mean: vec![0.0; size], squares: vec![0.0; size], products }
    }

    /// Adds images, one after the other.
    pub(crate) fn add(&mut self, images: &[f32]) {
        let size = self.mean.len();
        let before = self.count;
        self.mean.par_chunks_mut(ELEMENTS).zip(self.squares.par_chunks_mut(ELEMENTS)).enumerate().for_each(
            |(chunk, (mean, squares))| {
                for (image, count) in images.chunks_exact(size).zip(before + 1..) {
                    let weight = 1.0 / count as f64;
                    let values = &image[chunk * ELEMENTS..];
                    for ((&value, mean), squares) in values.iter().zip(&mut *mean).zip(&mut *squares) {
                        let deviation = f64::from(value) - *mean;
                        *mean += deviation * weight;
                        *squares += deviation * (f64::from(value) - *mean);
                    }
                }
            },
        );
        if let Some(products) = &mut self.products {
            add_products(products, images);
        }
        self.count += (images.len() / size) as u64;
    }

    /// The number of images.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Variance of each element, of the images as a whole population.
    pub(super) fn variance(&self) -> Vec<f64> {
        self.squares.iter().map(|squares| squares / self.count.max(1) as f64).collect()
    }

    /// Covariance of any two elements.
    pub(super) fn covariance(&self) -> Option<DMatrix<f64>> {
        let mut matrix = self.products.clone()? / self.count.max(1) as f64;
        for column in 0..matrix.ncols() {
            for row in column..matrix.nrows() {
                let value = matrix[(row, column)] - self.mean[row] * self.mean[column];
                matrix[(row, column)] = value;
                matrix[(column, row)] = value;
            }
        }
        Some(matrix)
    }
}

/// The means of values over what shares a statistic: the pixels of a channel, or single elements.
pub(super) fn over(per: Per, input: [usize; 3], values: &[f64]) -> Vec<f64> {
    let pixels = input[1] * input[2];
    match per {
        Per::Channel => {
            values.chunks(pixels).map(|plane| plane.iter().sum::<f64>() / pixels as f64).collect()
        }
        Per::Pixel => values.to_vec(),
    }
}

/// `products += sum(x x')`, the lower triangle at least.
fn add_products(products: &mut DMatrix<f64>, images: &[f32]) {
    let size = products.nrows();
    let wide: Vec<f64> = images.iter().map(|&value| f64::from(value)).collect();
    let images = DMatrixView::from_slice(&wide, size, wide.len() / size);
    let transposed = images.transpose();
    products.as_mut_slice().par_chunks_mut(PANEL * size).enumerate().for_each(|(panel, columns)| {
        let (first, width) = (panel * PANEL, columns.len() / size);
        let mut columns = DMatrixViewMut::from_slice(columns, size, width);
        let below = images.rows_range(first..);
        columns.rows_range_mut(first..).gemm(1.0, &below, &transposed.columns(first, width), 1.0);
    });
}
