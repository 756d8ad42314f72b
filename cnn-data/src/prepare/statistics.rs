//! Statistics of each fitted stage from the moments of the images that enter the first.
//!
//! Every stage is linear, so the moments behind it follow from those before it; the images are read
//! once.

use cnn_core::{Result, Tensor};
use cnn_plan::{Per, Prepare, Whitening};
use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::{
    moments::{Moments, over},
    values::{StatisticNames, shape},
};

/// Variances that rounding leaves of constant elements: they are divided by 1, and stay 0.
const CONSTANT: f64 = 1e-10;

/// The statistics of all stages, in their order.
///
/// # Errors
///
/// As [`Tensor::new`].
pub(super) fn fit(stages: &[Prepare], moments: Moments) -> Result<Vec<Tensor>> {
    let mut state = State {
        input: moments.input,
        variance: moments.variance(),
        covariance: moments.covariance(),
        mean: moments.mean,
    };
    let (mut names, mut found) = (StatisticNames::default(), Vec::new());
    for stage in stages {
        let mut keep = |name, shape: &[usize], values: &[f64]| -> Result<()> {
            let values = values.iter().map(|&value| value as f32).collect();
            found.push(Tensor::new(names.next(name), shape, values)?);
            Ok(())
        };
        let input = state.input;
        match *stage {
            Prepare::MeanSubtract(per) => {
                let mean = over(per, input, &state.mean);
                keep("data.mean", &shape(per, input), &mean)?;
                state.affine(&mean, &[1.0]);
            }
            Prepare::Standardise(per) => {
                let (mean, std) = (over(per, input, &state.mean), state.std(per));
                keep("data.mean", &shape(per, input), &mean)?;
                keep("data.std", &shape(per, input), &std)?;
                state.affine(&mean, &std);
            }
            Prepare::Normalise { mean, std } => state.affine(&widen(mean), &widen(std)),
            Prepare::Scale(factor) => state.affine(&[0.0], &[1.0 / f64::from(factor)]),
            Prepare::Whiten { kind, epsilon } => {
                keep("data.mean", &input, &state.mean)?;
                let matrix = state.whiten(kind, epsilon.into());
                let rows = matrix.transpose();
                keep("data.whiten", &[matrix.nrows(); 2], rows.as_slice())?;
            }
            Prepare::ResizeShorter(_) | Prepare::ResizeExact(_) | Prepare::CenterCrop(_) => {}
        }
    }
    Ok(found)
}

/// The moments of the values that the stages so far give.
struct State {
    input: [usize; 3],
    mean: Vec<f64>,
    variance: Vec<f64>,
    covariance: Option<DMatrix<f64>>,
}

impl State {
    /// The standard deviation of all values that share a statistic.
    fn std(&self, per: Per) -> Vec<f64> {
        let mean = over(per, self.input, &self.mean);
        let spread = self.mean.iter().enumerate().map(|(element, &own)| {
            let common = mean[element * mean.len() / self.mean.len()];
            self.variance[element] + (own - common).powi(2)
        });
        let variance = over(per, self.input, &spread.collect::<Vec<_>>());
        variance.into_iter().map(|variance| if variance > CONSTANT { variance.sqrt() } else { 1.0 }).collect()
    }

    /// Takes the moments to those of `(x - mean) / std`.
    fn affine(&mut self, mean: &[f64], std: &[f64]) {
        let size = self.mean.len();
        let of = |values: &[f64], element: usize| values[element * values.len() / size];
        for element in 0..size {
            self.mean[element] = (self.mean[element] - of(mean, element)) / of(std, element);
            self.variance[element] /= of(std, element).powi(2);
        }
        if let Some(covariance) = &mut self.covariance {
            for (column, mut values) in covariance.column_iter_mut().enumerate() {
                for (row, value) in values.iter_mut().enumerate() {
                    *value /= of(std, row) * of(std, column);
                }
            }
        }
    }

    /// The matrix that whitens values without their mean; the moments become those of its results.
    ///
    /// With `V diag(l) V'` the covariance: `diag(1 / sqrt(l + epsilon)) V'` for PCA, `V` times that
    /// for ZCA.
    fn whiten(&mut self, kind: Whitening, epsilon: f64) -> DMatrix<f64> {
        let size = self.mean.len();
        let covariance = self.covariance.take().unwrap_or_else(|| DMatrix::identity(size, size));
        let (variances, axes) = principal(covariance);
        let scale = variances.map(|variance| 1.0 / (variance + epsilon).sqrt());
        let mut matrix = DMatrix::from_diagonal(&scale) * axes.transpose();
        let mut whitened =
            DMatrix::from_diagonal(&variances.zip_map(&scale, |variance, scale| variance * scale * scale));
        if kind == Whitening::Zca {
            matrix = &axes * matrix;
            whitened = &axes * whitened * axes.transpose();
        }
        self.mean.fill(0.0);
        self.variance = whitened.diagonal().iter().copied().collect();
        self.covariance = Some(whitened);
        matrix
    }
}

/// Variances along the principal components, largest first, and the components as columns. The
/// element of largest size is positive in each: its sign is otherwise the library's choice.
fn principal(covariance: DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let eigen = SymmetricEigen::new(covariance);
    let mut order: Vec<_> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    let variances =
        DVector::from_iterator(order.len(), order.iter().map(|&nth| eigen.eigenvalues[nth].max(0.0)));
    let mut axes = eigen.eigenvectors.select_columns(&order);
    for mut axis in axes.column_iter_mut() {
        let sign = axis[axis.icamax()].signum();
        axis *= sign;
    }
    (variances, axes)
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}
