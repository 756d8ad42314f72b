//! The transforms of Winograd's algorithm along one axis, and along both.
//!
//! With `a = ½√2` and `b = √2`, one column a point (0, a, -a, b, -b, ∞):
//!
//! ```text
//!      [ 1     0     0     0     0     0 ]        [ 1  1/q   1/q   1/s   1/s   0 ]
//!      [ 0   -ab²   ab² -a²b   a²b     1 ]   Gᵀ = [ 0  a/q  -a/q   b/s  -b/s   0 ]   q = -3/2, s = 6
//!  B = [-5/2  -b²   -b²  -a²   -a²     0 ]        [ 0 a²/q  a²/q  b²/s  b²/s   1 ]
//!      [ 0     a    -a     b    -b  -5/2 ]
//!      [ 1     1     1     1     1     0 ]   Aᵀ = rows x⁰ to x³ of each point x; ∞ counts in the last
//!      [ 0     0     0     0     0     1 ]
//! ```

#![allow(
    clippy::needless_range_loop,
    reason = "indices name the place in a matrix; loops of constant length unroll"
)]

use std::f32::consts::{FRAC_1_SQRT_2, SQRT_2};

use crate::cpu::{memory::Span, simd::Simd};

/// Points along one axis.
pub(super) const POINTS: usize = 6;
/// Outputs of a tile along one axis.
pub(super) const TILE: usize = 4;
/// Elements of the kernel along one axis.
pub(super) const KERNEL: usize = 3;

/// `Bᵀ d`: six inputs at each point.
pub(super) struct Input;

impl Transform<POINTS, POINTS> for Input {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [d0, d1, d2, d3, d4, d5]: [S::V; POINTS]) -> [S::V; POINTS] {
        let (minus_two, minus_half) = (simd.splat(-2.0), simd.splat(-0.5));
        let minus_sum = simd.splat(-2.5);
        let (even_a, odd_a) = (simd.fma(minus_two, d2, d4), simd.fma(minus_two, d1, d3));
        let (even_b, odd_b) = (simd.fma(minus_half, d2, d4), simd.fma(minus_half, d1, d3));
        let (a, minus_a) = (simd.splat(FRAC_1_SQRT_2), simd.splat(-FRAC_1_SQRT_2));
        let (b, minus_b) = (simd.splat(SQRT_2), simd.splat(-SQRT_2));
        [
            simd.add(simd.fma(minus_sum, d2, d4), d0),
            simd.fma(a, odd_a, even_a),
            simd.fma(minus_a, odd_a, even_a),
            simd.fma(b, odd_b, even_b),
            simd.fma(minus_b, odd_b, even_b),
            simd.add(simd.fma(minus_sum, d3, d5), d1),
        ]
    }
}

/// `G w`: three filter elements at each point.
pub(super) struct Filter;

impl Transform<KERNEL, POINTS> for Filter {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [w0, w1, w2]: [S::V; KERNEL]) -> [S::V; POINTS] {
        let (half, two) = (simd.splat(0.5), simd.splat(2.0));
        let (even_a, even_b) = (simd.fma(half, w2, w0), simd.fma(two, w2, w0));
        let (odd_a, odd_b) = (simd.mul(simd.splat(FRAC_1_SQRT_2), w1), simd.mul(simd.splat(SQRT_2), w1));
        at_points(simd, [w0, w2], [even_a, odd_a], [even_b, odd_b])
    }
}

/// `Aᵀ m`: four outputs from their values at the points.
pub(super) struct Output;

impl Transform<POINTS, TILE> for Output {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [m0, m1, m2, m3, m4, m5]: [S::V; POINTS]) -> [S::V; TILE] {
        let (sum_a, off_a) = (simd.add(m1, m2), simd.sub(m1, m2));
        let (sum_b, off_b) = (simd.add(m3, m4), simd.sub(m3, m4));
        [
            simd.add(simd.add(m0, sum_a), sum_b),
            mixed(simd, [FRAC_1_SQRT_2, SQRT_2], [off_a, off_b]),
            mixed(simd, [0.5, 2.0], [sum_a, sum_b]),
            simd.add(mixed(simd, [FRAC_1_SQRT_2 / 2.0, 2.0 * SQRT_2], [off_a, off_b]), m5),
        ]
    }
}

/// `G w` of a filter of four elements, such as the tile of an output's gradient in the gradient of
/// the filters.
pub(super) struct Gradient;

impl Transform<TILE, POINTS> for Gradient {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [w0, w1, w2, w3]: [S::V; TILE]) -> [S::V; POINTS] {
        let (half, two) = (simd.splat(0.5), simd.splat(2.0));
        let (even_a, even_b) = (simd.fma(half, w2, w0), simd.fma(two, w2, w0));
        let odd_a = simd.mul(simd.splat(FRAC_1_SQRT_2), simd.fma(half, w3, w1));
        let odd_b = simd.mul(simd.splat(SQRT_2), simd.fma(two, w3, w1));
        at_points(simd, [w0, w3], [even_a, odd_a], [even_b, odd_b])
    }
}

/// `Aᵀ m` of a filter of four elements: three outputs, which are the filter elements of which this
/// is the gradient.
pub(super) struct Taps;

impl Transform<POINTS, KERNEL> for Taps {
    #[inline(always)]
    fn apply<S: Simd>(simd: S, [m0, m1, m2, m3, m4, m5]: [S::V; POINTS]) -> [S::V; KERNEL] {
        let (sum_a, off_a) = (simd.add(m1, m2), simd.sub(m1, m2));
        let (sum_b, off_b) = (simd.add(m3, m4), simd.sub(m3, m4));
        [
            simd.add(simd.add(m0, sum_a), sum_b),
            mixed(simd, [FRAC_1_SQRT_2, SQRT_2], [off_a, off_b]),
            simd.add(mixed(simd, [0.5, 2.0], [sum_a, sum_b]), m5),
        ]
    }
}

/// A square of vectors that lie `distance` floats apart, row by row.
#[inline(always)]
pub(super) fn load_square<S: Simd, const N: usize>(simd: S, from: Span, distance: usize) -> [[S::V; N]; N] {
    let mut square = [[simd.splat(0.0); N]; N];
    for row in 0..N {
        for column in 0..N {
            square[row][column] = from.load(simd, (row * N + column) * distance);
        }
    }
    square
}

/// Writes what [`load_square`] reads.
#[inline(always)]
pub(super) fn store_square<S: Simd, const N: usize>(
    simd: S,
    square: [[S::V; N]; N],
    to: Span,
    distance: usize,
) {
    for row in 0..N {
        for column in 0..N {
            to.store(simd, (row * N + column) * distance, square[row][column]);
        }
    }
}

/// A filter at the points, of its first and last element and of its even and odd parts at either
/// pair of points.
#[inline(always)]
fn at_points<S: Simd>(simd: S, [first, last]: [S::V; 2], a: [S::V; 2], b: [S::V; 2]) -> [S::V; POINTS] {
    let (share_a, share_b) = (simd.splat(-1.0 / 1.5), simd.splat(1.0 / 6.0));
    let (plus_a, minus_a) = (simd.add(a[0], a[1]), simd.sub(a[0], a[1]));
    let (plus_b, minus_b) = (simd.add(b[0], b[1]), simd.sub(b[0], b[1]));
    [
        first,
        simd.mul(plus_a, share_a),
        simd.mul(minus_a, share_a),
        simd.mul(plus_b, share_b),
        simd.mul(minus_b, share_b),
        last,
    ]
}

/// `p * a + q * b`
#[inline(always)]
fn mixed<S: Simd>(simd: S, [p, q]: [f32; 2], [a, b]: [S::V; 2]) -> S::V {
    simd.fma(simd.splat(p), a, simd.mul(simd.splat(q), b))
}

/// A transform along one axis, of `FROM` values to `TO`. (A trait, because closures are not
/// compiled for an instruction set.)
pub(super) trait Transform<const FROM: usize, const TO: usize> {
    /// Must be `#[inline(always)]`.
    fn apply<S: Simd>(simd: S, values: [S::V; FROM]) -> [S::V; TO];

    /// Transforms the columns of a square, then the rows of what results.
    #[inline(always)]
    fn square<S: Simd>(simd: S, square: [[S::V; FROM]; FROM]) -> [[S::V; TO]; TO] {
        let mut columns = [[simd.splat(0.0); FROM]; TO];
        for column in 0..FROM {
            let mut values = [simd.splat(0.0); FROM];
            for row in 0..FROM {
                values[row] = square[row][column];
            }
            let values = Self::apply(simd, values);
            for row in 0..TO {
                columns[row][column] = values[row];
            }
        }
        let mut rows = [[simd.splat(0.0); TO]; TO];
        for row in 0..TO {
            rows[row] = Self::apply(simd, columns[row]);
        }
        rows
    }
}
