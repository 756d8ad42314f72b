//! Statistics of each fitted stage from the moments of the images that enter the first.
//!
//! Every stage is linear, so the moments behind it follow from those before it; the images are read once.

use super::{
    eigen::Eigen,
    matrix::Matrix,
    moments::{Moments, over},
    values::{Names, shape},
};
use crate::{
    plan::{Per, Prepare, Whitening},
    weights::tensors::Tensor,
};

/// Variances that rounding leaves of constant elements: they are divided by 1, and stay 0.
const CONSTANT: f64 = 1e-10;

/// The statistics of all stages, in their order.
pub(super) fn fit(stages: &[Prepare], moments: Moments) -> Vec<Tensor> {
    let mut state = State {
        input: moments.input,
        variance: moments.variance(),
        covariance: moments.covariance(),
        mean: moments.mean,
    };
    let (mut names, mut found) = (Names::default(), Vec::new());
    for stage in stages {
        let mut keep = |name, shape: &[usize], values: &[f64]| {
            let values = values.iter().map(|&value| value as f32).collect();
            found.push(Tensor::new(names.next(name), shape, values));
        };
        let input = state.input;
        match *stage {
            Prepare::MeanSubtract(per) => {
                let mean = over(per, input, &state.mean);
                keep("data.mean", &shape(per, input), &mean);
                state.affine(&mean, &[1.0]);
            }
            Prepare::Standardise(per) => {
                let (mean, std) = (over(per, input, &state.mean), state.std(per));
                keep("data.mean", &shape(per, input), &mean);
                keep("data.std", &shape(per, input), &std);
                state.affine(&mean, &std);
            }
            Prepare::Normalise { mean, std } => state.affine(&widen(mean), &widen(std)),
            Prepare::Scale(factor) => state.affine(&[0.0], &[1.0 / f64::from(factor)]),
            Prepare::Whiten { kind, epsilon } => {
                keep("data.mean", &input, &state.mean);
                let matrix = state.whiten(kind, epsilon.into());
                let rows = matrix.transposed();
                keep("data.whiten", &[matrix.rows(); 2], rows.as_slice());
            }
            Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_) => {}
        }
    }
    found
}

/// Moments behind the stages so far.
struct State {
    input: [usize; 3],
    mean: Vec<f64>,
    variance: Vec<f64>,
    covariance: Option<Matrix<f64>>,
}

impl State {
    /// `sqrt` of the variance of all values that share a statistic.
    fn std(&self, per: Per) -> Vec<f64> {
        let mean = over(per, self.input, &self.mean);
        let spread = self.mean.iter().enumerate().map(|(element, &own)| {
            let common = mean[element * mean.len() / self.mean.len()];
            self.variance[element] + (own - common).powi(2)
        });
        let variance = over(per, self.input, &spread.collect::<Vec<_>>());
        variance.into_iter().map(|variance| if variance > CONSTANT { variance.sqrt() } else { 1.0 }).collect()
    }

    /// Behind `(x - mean) / std`.
    fn affine(&mut self, mean: &[f64], std: &[f64]) {
        let size = self.mean.len();
        let of = |values: &[f64], element: usize| values[element * values.len() / size];
        for element in 0..size {
            self.mean[element] = (self.mean[element] - of(mean, element)) / of(std, element);
            self.variance[element] /= of(std, element).powi(2);
        }
        if let Some(covariance) = &mut self.covariance {
            for (column, values) in covariance.columns_mut().enumerate() {
                for (row, value) in values.iter_mut().enumerate() {
                    *value /= of(std, row) * of(std, column);
                }
            }
        }
    }

    /// The matrix that whitens values without their mean; the state becomes the one behind it.
    ///
    /// With `V diag(l) V'` the covariance: `diag(1 / sqrt(l + epsilon)) V'` for PCA, `V` times that for ZCA.
    fn whiten(&mut self, kind: Whitening, epsilon: f64) -> Matrix<f64> {
        let size = self.mean.len();
        let covariance = self.covariance.take().unwrap_or_else(|| Matrix::diagonal(&vec![1.0; size]));
        let (variances, axes) = principal(covariance);
        let scale: Vec<_> = variances.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        let mut scaled = axes.clone();
        for (axis, scale) in scaled.columns_mut().zip(&scale) {
            axis.iter_mut().for_each(|element| *element *= scale);
        }
        let mut matrix = scaled.transposed();
        let behind = variances.iter().zip(&scale).map(|(variance, scale)| variance * scale * scale);
        let mut whitened = Matrix::diagonal(&behind.collect::<Vec<_>>());
        if kind == Whitening::Zca {
            matrix = axes.times(matrix.view());
            whitened = axes.times(whitened.view()).times(axes.view().transposed());
        }
        self.mean.fill(0.0);
        self.variance = (0..size).map(|at| whitened[(at, at)]).collect();
        self.covariance = Some(whitened);
        matrix
    }
}

/// Variances along the principal components, largest first, and the components as columns. Each has a positive element of
/// largest size: its sign is otherwise the library's choice.
fn principal(covariance: Matrix<f64>) -> (Vec<f64>, Matrix<f64>) {
    let Eigen { values, vectors } = Eigen::of_symmetric(covariance);
    let mut order: Vec<_> = values.into_iter().zip(vectors.columns()).collect();
    order.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let mut axes = Matrix::zeros(vectors.rows(), order.len());
    for (axis, (_, vector)) in axes.columns_mut().zip(&order) {
        let sign = largest(vector).signum();
        axis.iter_mut().zip(*vector).for_each(|(to, from)| *to = sign * from);
    }
    (order.iter().map(|(variance, _)| variance.max(0.0)).collect(), axes)
}

/// The element of largest size, the first of several.
fn largest(values: &[f64]) -> f64 {
    let larger = |found: f64, &value: &f64| if value.abs() > found.abs() { value } else { found };
    values.iter().fold(0.0, larger)
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}
