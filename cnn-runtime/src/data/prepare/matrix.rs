//! Dense matrices as whitening needs them, stored column by column, and their products.

use std::ops::{Index, IndexMut, Range};

/// A matrix that owns its elements, the columns one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix<T> {
    rows: usize,
    values: Vec<T>,
}

impl<T: Element> Matrix<T> {
    /// A matrix of zeros.
    pub(super) fn zeros(rows: usize, columns: usize) -> Matrix<T> {
        Matrix { rows, values: vec![T::ZERO; rows * columns] }
    }

    /// A square matrix with these elements on its diagonal and zeros elsewhere.
    pub(super) fn diagonal(elements: &[T]) -> Matrix<T> {
        let mut matrix = Matrix::zeros(elements.len(), elements.len());
        elements.iter().enumerate().for_each(|(at, &element)| matrix[(at, at)] = element);
        matrix
    }

    /// The matrix whose rows stand in `values` one after the other.
    pub(super) fn from_rows(columns: usize, values: &[T]) -> Matrix<T> {
        let rows = values.len() / columns.max(1);
        Matrix { rows: columns, values: values.to_vec() }.transposed_into(rows)
    }

    fn transposed_into(&self, rows: usize) -> Matrix<T> {
        let values = (0..self.rows).flat_map(|row| (0..rows).map(move |column| self[(row, column)]));
        Matrix { rows, values: values.collect() }
    }

    /// The matrix with rows and columns exchanged.
    pub(super) fn transposed(&self) -> Matrix<T> {
        self.transposed_into(self.values.len() / self.rows.max(1))
    }

    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// All elements, the columns one after the other.
    pub(super) fn as_slice(&self) -> &[T] {
        &self.values
    }

    /// All elements, to be changed.
    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The elements of each column.
    pub(super) fn columns(&self) -> impl ExactSizeIterator<Item = &[T]> {
        self.values.chunks_exact(self.rows.max(1))
    }

    /// The elements of each column, to be changed.
    pub(super) fn columns_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [T]> {
        self.values.chunks_exact_mut(self.rows.max(1))
    }

    /// The product of two matrices.
    pub(super) fn times(&self, right: View<T>) -> Matrix<T> {
        let mut product = Matrix::zeros(self.rows, right.columns);
        add_product(self.view(), right, &mut product.values, self.rows);
        product
    }

    /// All of the matrix.
    pub(super) fn view(&self) -> View<'_, T> {
        View::of_columns(&self.values, self.rows)
    }
}

impl<T> Index<(usize, usize)> for Matrix<T> {
    type Output = T;

    fn index(&self, (row, column): (usize, usize)) -> &T {
        &self.values[column * self.rows + row]
    }
}

impl<T> IndexMut<(usize, usize)> for Matrix<T> {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut T {
        &mut self.values[column * self.rows + row]
    }
}

/// Part of a matrix that somebody else owns: element `(row, column)` is
/// `values[row * row_step + column * column_step]`.
#[derive(Clone, Copy)]
pub(super) struct View<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a, T: Element> View<'a, T> {
    /// The matrix whose columns of `rows` elements stand one after the other.
    pub(super) fn of_columns(values: &'a [T], rows: usize) -> View<'a, T> {
        View { values, rows, columns: values.len() / rows.max(1), row_step: 1, column_step: rows }
    }

    /// Some of the rows.
    pub(super) fn some_rows(self, rows: Range<usize>) -> View<'a, T> {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        let start = (rows.start * self.row_step).min(self.values.len());
        View { values: &self.values[start..], rows: rows.len(), ..self }
    }

    /// The same elements with rows and columns exchanged.
    pub(super) fn transposed(self) -> View<'a, T> {
        View {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
            row_step: self.column_step,
            column_step: self.row_step,
        }
    }

    /// True if no element lies behind the end of the values.
    fn is_within(&self) -> bool {
        let last = |count: usize, step| count.saturating_sub(1) * step;
        let elements = self.rows.min(self.columns);
        elements == 0
            || last(self.rows, self.row_step) + last(self.columns, self.column_step) < self.values.len()
    }
}

/// Adds `left * right` to the first rows of a matrix whose columns lie `column_step` elements apart.
pub(super) fn add_product<T: Element>(left: View<T>, right: View<T>, sums: &mut [T], column_step: usize) {
    assert_eq!(left.columns, right.rows, "the factors do not fit");
    let result = View { values: &*sums, rows: left.rows, columns: right.columns, row_step: 1, column_step };
    assert!(left.is_within() && right.is_within() && result.is_within(), "a matrix leaves its elements");
    assert!(left.rows <= column_step, "columns overlap");
    // SAFETY: By the assertions, each element of the three matrices lies in its slice, and those of
    // the result, which nobody else can see, are distinct.
    unsafe { T::add_product(left, right, sums.as_mut_ptr(), column_step) }
}

/// The numbers that matrices are made of.
pub(super) trait Element: Copy {
    const ZERO: Self;

    /// Adds `left * right` to the matrix that starts at `sums`.
    ///
    /// # Safety
    /// The elements of both factors lie within their slices; so many columns of so many rows may be
    /// read and written from `sums` on, `column_step` elements apart.
    unsafe fn add_product(left: View<Self>, right: View<Self>, sums: *mut Self, column_step: usize);
}

macro_rules! element {
    ($number:ty, $gemm:path) => {
        impl Element for $number {
            const ZERO: Self = 0.0;

            unsafe fn add_product(left: View<Self>, right: View<Self>, sums: *mut Self, column_step: usize) {
                let (a, b) = (left.values.as_ptr(), right.values.as_ptr());
                let [row_a, column_a] = [left.row_step, left.column_step].map(|step| step as isize);
                let [row_b, column_b] = [right.row_step, right.column_step].map(|step| step as isize);
                let (rows, inner, columns) = (left.rows, left.columns, right.columns);
                // SAFETY: As the caller guarantees.
                unsafe {
                    $gemm(
                        rows,
                        inner,
                        columns,
                        1.0,
                        a,
                        row_a,
                        column_a,
                        b,
                        row_b,
                        column_b,
                        1.0,
                        sums,
                        1,
                        column_step as isize,
                    );
                }
            }
        }
    };
}

element!(f32, matrixmultiply::sgemm);
element!(f64, matrixmultiply::dgemm);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_sums_of_products() {
        // [1 2 3; 4 5 6] and its transpose.
        let matrix = Matrix::from_rows(3, &[1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(matrix.as_slice(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(matrix.transposed().as_slice(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let product = matrix.times(matrix.view().transposed());
        assert_eq!(product.as_slice(), [14.0, 32.0, 32.0, 77.0]);
        let lower = Matrix { rows: 1, values: vec![4.0_f32, 5.0, 6.0] };
        assert_eq!(lower.times(matrix.view().some_rows(1..2).transposed()).as_slice(), [77.0]);
    }

    #[test]
    #[should_panic = "the factors do not fit"]
    fn factors_that_do_not_fit_are_refused() {
        let matrix = Matrix::<f64>::zeros(2, 3);
        matrix.times(matrix.view());
    }

    #[test]
    #[should_panic = "a matrix leaves its elements"]
    fn a_result_outside_of_its_elements_is_refused() {
        let matrix = Matrix::<f64>::zeros(3, 3);
        add_product(matrix.view(), matrix.view(), &mut [0.0; 8], 3);
    }
}
