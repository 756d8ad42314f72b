//! Eigenvalues and eigenvectors of a symmetric matrix: Householder's reflections make it tridiagonal
//! (Martin, Reinsch and Wilkinson 1968), the QL algorithm with implicit shifts makes that diagonal
//! (Dubrulle, Martin and Wilkinson 1968).
//!
//! Every sum has one order, so the results do not depend on the number of threads.

use rayon::prelude::*;

use super::matrix::Matrix;

/// Steps of the QL algorithm for one eigenvalue, of which two or three are usual. They end here for
/// matrices that hold NaN.
const MOST_STEPS: usize = 60;

/// Elements that one task changes at least.
const LEAST_WORK: usize = 1 << 14;

/// A symmetric matrix is `vectors * diagonal(values) * transpose of vectors`.
pub(super) struct Eigen {
    /// The eigenvalues, in no order.
    pub(super) values: Vec<f64>,
    /// The eigenvector of each, a column of length 1.
    pub(super) vectors: Matrix<f64>,
}

impl Eigen {
    /// Takes a symmetric matrix apart.
    pub(super) fn of_symmetric(matrix: Matrix<f64>) -> Eigen {
        let size = matrix.rows();
        if size == 0 {
            return Eigen { values: Vec::new(), vectors: matrix };
        }
        let (mut tridiagonal, reflections) = Tridiagonal::of(matrix);
        let mut vectors = reflections.product(size);
        tridiagonal.diagonalise(&mut vectors);
        Eigen { values: tridiagonal.diagonal, vectors }
    }
}

/// A symmetric matrix with nothing but its diagonal and the elements beside it.
struct Tridiagonal {
    diagonal: Vec<f64>,
    /// Element `k` stands below element `k` of the diagonal; the last is 0.
    below: Vec<f64>,
}

/// `1 - factor * vector * transpose of vector`, of the elements from `first` on.
struct Reflection {
    first: usize,
    vector: Vec<f64>,
    factor: f64,
}

struct Reflections(Vec<Reflection>);

impl Reflection {
    /// The reflection that leaves only the first of some elements, and what that becomes; none if the
    /// others are zero already.
    fn of(first: usize, elements: &[f64]) -> (Option<Reflection>, f64) {
        if elements[1..].iter().all(|&element| element == 0.0) {
            return (None, elements[0]);
        }
        let kept = -dot(elements, elements).sqrt().copysign(elements[0]);
        let mut vector = elements.to_vec();
        vector[0] -= kept;
        let factor = 2.0 / dot(&vector, &vector);
        (Some(Reflection { first, vector, factor }), kept)
    }

    /// Reflects rows and columns of a symmetric matrix, from `first` on.
    fn apply_to_both_sides(&self, matrix: &mut Matrix<f64>) {
        let Reflection { first, vector: v, factor } = self;
        let size = matrix.rows();
        let columns = matrix.as_slice()[first * size..].par_chunks_exact(size);
        let mut w: Vec<f64> = columns
            .with_min_len(LEAST_WORK.div_ceil(size))
            .map(|column| factor * dot(&column[*first..], v))
            .collect();
        let along = factor / 2.0 * dot(&w, v);
        w.iter_mut().zip(v).for_each(|(w, v)| *w -= along * v);
        let columns = matrix.as_mut_slice()[first * size..].par_chunks_exact_mut(size);
        columns.with_min_len(LEAST_WORK.div_ceil(size)).zip(v).zip(&w).for_each(
            |((column, v_here), w_here)| {
                for ((value, v), w) in column[*first..].iter_mut().zip(v).zip(&w) {
                    *value -= v * w_here + w * v_here;
                }
            },
        );
    }

    /// Reflects the columns of a matrix that is the identity before row and column `first`.
    fn apply_to_columns(&self, matrix: &mut Matrix<f64>) {
        let Reflection { first, vector, factor } = self;
        let size = matrix.rows();
        let columns = matrix.as_mut_slice()[first * size..].par_chunks_exact_mut(size);
        columns.with_min_len(LEAST_WORK.div_ceil(size)).for_each(|column| {
            let along = factor * dot(&column[*first..], vector);
            column[*first..].iter_mut().zip(vector).for_each(|(value, v)| *value -= along * v);
        });
    }
}

impl Reflections {
    /// The product of all reflections, the first at the left.
    fn product(&self, size: usize) -> Matrix<f64> {
        let mut product = Matrix::diagonal(&vec![1.0; size]);
        self.0.iter().rev().for_each(|reflection| reflection.apply_to_columns(&mut product));
        product
    }
}

impl Tridiagonal {
    /// The tridiagonal matrix to which reflections take a symmetric one, and the reflections.
    fn of(mut matrix: Matrix<f64>) -> (Tridiagonal, Reflections) {
        let size = matrix.rows();
        let mut below = Vec::with_capacity(size);
        let mut reflections = Vec::new();
        for column in 0..size - 1 {
            let elements = &matrix.as_slice()[column * size..][column + 1..size];
            let (reflection, kept) = Reflection::of(column + 1, elements);
            below.push(kept);
            if let Some(reflection) = reflection {
                reflection.apply_to_both_sides(&mut matrix);
                reflections.push(reflection);
            }
        }
        below.push(0.0);
        let diagonal = (0..size).map(|at| matrix[(at, at)]).collect();
        (Tridiagonal { diagonal, below }, Reflections(reflections))
    }

    /// Makes what stands below the diagonal vanish, and applies the same rotations to the columns of
    /// `vectors`.
    fn diagonalise(&mut self, vectors: &mut Matrix<f64>) {
        let largest =
            self.diagonal.iter().chain(&self.below).fold(0.0, |max: f64, value| max.max(value.abs()));
        let negligible = f64::EPSILON * f64::EPSILON * largest;
        for first in 0..self.diagonal.len() {
            for _ in 0..MOST_STEPS {
                let last = self.block_end(first, negligible);
                if last == first {
                    break;
                }
                self.step(first, last, vectors);
            }
        }
    }

    /// The end of the block that starts at `first`: what stands below it is negligible.
    fn block_end(&self, first: usize, negligible: f64) -> usize {
        let last = self.diagonal.len() - 1;
        let is_end = |&at: &usize| {
            let beside = self.diagonal[at].abs() + self.diagonal[at + 1].abs();
            self.below[at].abs() <= f64::EPSILON * beside + negligible
        };
        (first..last).find(is_end).unwrap_or(last)
    }

    /// One step of the QL algorithm on the block from `first` to `last`, shifted by the eigenvalue of
    /// its first two rows that is the nearer.
    fn step(&mut self, first: usize, last: usize, vectors: &mut Matrix<f64>) {
        let Tridiagonal { diagonal: d, below: e } = self;
        let ratio = (d[first + 1] - d[first]) / (2.0 * e[first]);
        let mut g = d[last] - d[first] + e[first] / (ratio + ratio.hypot(1.0).copysign(ratio));
        let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
        for at in (first..last).rev() {
            let (f, b) = (sine * e[at], cosine * e[at]);
            let length = f.hypot(g);
            e[at + 1] = length;
            if length == 0.0 {
                // The block falls apart here.
                d[at + 1] -= shift;
                e[last] = 0.0;
                return;
            }
            (sine, cosine) = (f / length, g / length);
            let before = d[at + 1] - shift;
            let r = (d[at] - before) * sine + 2.0 * cosine * b;
            shift = sine * r;
            d[at + 1] = before + shift;
            g = cosine * r - b;
            rotate(vectors, at, sine, cosine);
        }
        d[first] -= shift;
        e[first] = g;
        e[last] = 0.0;
    }
}

/// Rotates columns `at` and `at + 1`.
fn rotate(matrix: &mut Matrix<f64>, at: usize, sine: f64, cosine: f64) {
    let size = matrix.rows();
    let (left, right) = matrix.as_mut_slice()[at * size..][..2 * size].split_at_mut(size);
    for (left, right) in left.iter_mut().zip(right) {
        (*left, *right) = (cosine * *left - sine * *right, sine * *left + cosine * *right);
    }
}

/// The sum of products, in eight sums that vector instructions can hold.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.into_iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    /// `vectors * diagonal(values) * transpose of vectors` is the matrix, and the vectors are
    /// orthonormal, both to `accuracy` of the largest element.
    #[track_caller]
    fn assert_decomposes(matrix: &Matrix<f64>, accuracy: f64) {
        let Eigen { values, vectors } = Eigen::of_symmetric(matrix.clone());
        let largest = matrix.as_slice().iter().fold(1e-300, |max: f64, value| max.max(value.abs()));
        let product = vectors.times(Matrix::diagonal(&values).view()).times(vectors.view().transposed());
        for (found, expected) in product.as_slice().iter().zip(matrix.as_slice()) {
            assert!((found - expected).abs() <= accuracy * largest, "{found}, not {expected}");
        }
        let product = vectors.times(vectors.view().transposed());
        for (found, expected) in
            product.as_slice().iter().zip(Matrix::diagonal(&vec![1.0; values.len()]).as_slice())
        {
            assert!((found - expected).abs() <= accuracy, "{found}, not {expected}");
        }
    }

    /// `sum(x x')` of some random vectors; of fewer than `size`, most eigenvalues are 0.
    fn covariance(size: usize, count: usize, scale: impl Fn(usize) -> f64) -> Matrix<f64> {
        let mut stream = Stream::new(size as u64);
        let mut values = Matrix::zeros(size, count);
        for column in values.columns_mut() {
            column
                .iter_mut()
                .enumerate()
                .for_each(|(row, value)| *value = (stream.unit() - 0.5) * scale(row));
        }
        values.times(values.view().transposed())
    }

    #[test]
    fn known_eigenvalues_are_found() {
        // Second differences: 2 - 2 cos(k pi / (n + 1)).
        const SIZE: usize = 9;
        let mut matrix = Matrix::diagonal(&[2.0; SIZE]);
        for at in 1..SIZE {
            (matrix[(at, at - 1)], matrix[(at - 1, at)]) = (-1.0, -1.0);
        }
        let mut values = Eigen::of_symmetric(matrix).values;
        values.sort_by(f64::total_cmp);
        for (nth, value) in values.iter().enumerate() {
            let angle = std::f64::consts::PI * (nth + 1) as f64 / (SIZE + 1) as f64;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-14, "{nth}: {value}");
        }
    }

    #[test]
    fn symmetric_matrices_are_taken_apart() {
        for size in [1, 2, 3, 8, 33, 150] {
            assert_decomposes(&covariance(size, 2 * size, |_| 1.0), 1e-13);
        }
    }

    #[test]
    fn singular_and_uneven_matrices_are_taken_apart() {
        assert_decomposes(&Matrix::zeros(7, 7), 0.0);
        assert_decomposes(&Matrix::diagonal(&[3.0, 0.0, -2.0]), 0.0);
        assert_decomposes(&covariance(60, 5, |_| 1e3), 1e-13);
        assert_decomposes(&covariance(40, 80, |row| if row % 3 == 0 { 0.0 } else { 1.0 }), 1e-13);
        assert_decomposes(&covariance(40, 80, |row| 10_f64.powi(-(row as i32))), 1e-13);
    }

    #[test]
    fn what_is_no_number_comes_to_an_end() {
        let mut matrix = covariance(6, 12, |_| 1.0);
        (matrix[(2, 3)], matrix[(3, 2)]) = (f64::NAN, f64::NAN);
        assert!(Eigen::of_symmetric(matrix).values.iter().any(|value| value.is_nan()));
    }
}
