//! Exponentials, logarithms and powers of a vector, each within a few units in the last place; NaN
//! in, NaN out.
//!
//! `exp(x) = 2^n * exp(r)` with `n = round(x / ln 2)`, so `|r| <= ln 2 / 2`, where the Taylor
//! series of degree 7 is exact to f32.

use super::Simd;

/// ln 2 in two parts, the first short enough that `n * LN2_HIGH` is exact (Cody and Waite).
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `n` and `exp(r) - 1`.
#[inline(always)]
fn reduce<S: Simd>(simd: S, x: S::V) -> (S::V, S::V) {
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    let r = simd.fma(n, simd.splat(-LN2_HIGH), x);
    let r = simd.fma(n, simd.splat(-LN2_LOW), r);
    let mut series = simd.splat(1.0 / 5040.0);
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        series = simd.fma(series, r, simd.splat(coefficient));
    }
    (n, simd.fma(simd.mul(r, r), series, r))
}

/// The nearest number from `low` to `high`.
#[inline(always)]
pub(in crate::cpu) fn clamp<S: Simd>(simd: S, x: S::V, low: f32, high: f32) -> S::V {
    simd.max(simd.splat(low), simd.min(simd.splat(high), x))
}

/// `e^x`
#[inline(always)]
pub(in crate::cpu) fn exp<S: Simd>(simd: S, x: S::V) -> S::V {
    let (n, small) = reduce(simd, clamp(simd, x, -105.0, 89.0));
    // 2^n in two factors, because 2^128 and subnormals have no exponent bits of their own.
    let half = simd.round(simd.mul(n, simd.splat(0.5)));
    let first = simd.exp2(half);
    let second = simd.exp2(simd.sub(n, half));
    simd.mul(simd.fma(small, first, first), second)
}

/// `e^x - 1` of `x <= 60`, accurate near zero too.
#[inline(always)]
pub(in crate::cpu) fn expm1<S: Simd>(simd: S, x: S::V) -> S::V {
    let (n, small) = reduce(simd, clamp(simd, x, -60.0, 60.0));
    let power = simd.exp2(n);
    simd.fma(small, power, simd.sub(power, simd.splat(1.0)))
}

/// `1 / (1 + e^-x)`
#[inline(always)]
pub(in crate::cpu) fn sigmoid<S: Simd>(simd: S, x: S::V) -> S::V {
    let one = simd.splat(1.0);
    simd.div(one, simd.add(one, exp(simd, simd.sub(simd.splat(0.0), x))))
}

/// `x P(x²) / Q(x²)`, with a relative error of 2e-8 up to 9.02, from where on f32 has no number
/// between the result and 1. The coefficients minimise the largest relative error there (Lawson's
/// reweighted least squares).
#[inline(always)]
pub(in crate::cpu) fn tanh<S: Simd>(simd: S, x: S::V) -> S::V {
    let x = clamp(simd, x, -9.02, 9.02);
    let square = simd.mul(x, x);
    let above = [1.331_888_6e-8, 2.058_335_7e-5, 3.494_027_8e-3, 0.133_797_12, 1.0];
    let below = [7.761_946e-7, 3.283_081_1e-4, 2.587_105e-2, 0.467_130_3, 1.0];
    let quotient = simd.div(polynomial(simd, square, above), polynomial(simd, square, below));
    clamp(simd, simd.mul(x, quotient), -1.0, 1.0)
}

/// The first coefficient is that of the highest power.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, x: S::V, coefficients: [f32; N]) -> S::V {
    let mut sum = simd.splat(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = simd.fma(sum, x, simd.splat(coefficient));
    }
    sum
}

/// The natural logarithm of a normal positive number `2^e * m`, with `m` between the roots of 1/2
/// and 2: `e ln 2 + 2 atanh(z)` with `z = (m - 1) / (m + 1)`.
#[inline(always)]
pub(in crate::cpu) fn ln<S: Simd>(simd: S, x: S::V) -> S::V {
    let one = simd.splat(1.0);
    let e = simd.exponent(simd.mul(x, simd.splat(std::f32::consts::SQRT_2)));
    let m = simd.mul(x, simd.exp2(simd.sub(simd.splat(0.0), e)));
    let z = simd.div(simd.sub(m, one), simd.add(m, one));
    let square = simd.mul(z, z);
    let mut series = simd.splat(2.0 / 9.0);
    for coefficient in [2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0] {
        series = simd.fma(series, square, simd.splat(coefficient));
    }
    let small = simd.fma(simd.mul(z, square), series, simd.add(z, z));
    simd.fma(e, simd.splat(LN2_HIGH), simd.fma(e, simd.splat(LN2_LOW), small))
}

/// `x^-exponent` of a normal positive number; roots where they suffice.
#[inline(always)]
pub(in crate::cpu) fn inverse_power<S: Simd>(simd: S, x: S::V, exponent: f32) -> S::V {
    let one = simd.splat(1.0);
    if exponent == 0.75 {
        let root = simd.sqrt(x);
        simd.div(one, simd.mul(root, simd.sqrt(root)))
    } else if exponent == 0.5 {
        simd.div(one, simd.sqrt(x))
    } else if exponent == 1.0 {
        simd.div(one, x)
    } else {
        exp(simd, simd.mul(simd.splat(-exponent), ln(simd, x)))
    }
}

/// `ln(1 + e^x)`
#[inline(always)]
pub(in crate::cpu) fn softplus<S: Simd>(simd: S, x: S::V) -> S::V {
    let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
    let small = exp(simd, simd.min(simd.sub(zero, x), x));
    // The logarithm of the rounded sum, and what rounding took away, to first order.
    let sum = simd.add(one, small);
    let lost = simd.sub(small, simd.sub(sum, one));
    simd.add(simd.max(zero, x), simd.add(ln(simd, sum), simd.div(lost, sum)))
}

/// The standard normal distribution at a place.
pub(in crate::cpu) struct Normal<V> {
    pub(in crate::cpu) density: V,
    /// The probability of a smaller number.
    pub(in crate::cpu) below: V,
}

/// The probability beyond `|x|` is `erfc(z) / 2` with `z = |x| / sqrt(2)`, and
/// `erfc(z) = t P(t) e^(-z²)` with `t = 1 / (1 + 0.3 z)`, to a relative error of 2e-8. The
/// coefficients minimise the largest one up to `z = 10.2` (Lawson's reweighted least squares).
#[inline(always)]
pub(in crate::cpu) fn normal<S: Simd>(simd: S, x: S::V) -> Normal<S::V> {
    const ROOT: f32 = std::f32::consts::FRAC_1_SQRT_2;
    let (zero, one, half) = (simd.splat(0.0), simd.splat(1.0), simd.splat(0.5));
    let away = simd.max(simd.sub(zero, x), x);
    let t = simd.div(one, simd.fma(away, simd.splat(0.3 * ROOT), one));
    let coefficients = [
        -0.129_539_85,
        0.485_652_6,
        -0.512_480_2,
        0.547_975_5,
        -0.094_847_84,
        0.215_020_97,
        0.148_311_36,
        0.170_719_75,
        0.169_187_7,
    ];
    let power = exp(simd, simd.mul(simd.mul(x, simd.splat(-0.5)), x));
    let beyond = simd.mul(simd.mul(half, power), simd.mul(t, polynomial(simd, t, coefficients)));
    let below = simd.select(simd.gt(x, zero), simd.sub(one, beyond), beyond);
    Normal { density: simd.mul(power, simd.splat(ROOT * std::f32::consts::FRAC_2_SQRT_PI * 0.5)), below }
}
