//! NEON: eight floats in two registers, so 16 of these vectors fit the 32 registers, as many as
//! AVX2 has.
//!
//! Every intrinsic here is sound to execute because a [`Neon`] exists only where it was detected.
#![allow(clippy::undocumented_unsafe_blocks, reason = "one SAFETY argument holds for all: see above")]

use std::{
    arch::{aarch64::*, is_aarch64_feature_detected},
    array::from_fn,
};

use cnn_core::rng::Mask;

use super::{Kernel, Simd, blocks::Apart};

/// Proof that the processor has NEON.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Neon(());

impl Neon {
    pub(super) fn detect() -> Option<Neon> {
        is_aarch64_feature_detected!("neon").then_some(Neon(()))
    }
}

#[target_feature(enable = "neon")]
fn compiled_for_neon<K: Kernel>(simd: Neon, kernel: K) -> K::Output {
    kernel.run(simd)
}

/// Lanes 0 to 3, and 4 to 7.
type Halves<T> = (T, T);

/// The same instruction on both halves of its operands.
macro_rules! on_halves {
    ($instruction:ident($($operand:ident),+)) => {
        unsafe { ($instruction($($operand.0),+), $instruction($($operand.1),+)) }
    };
}

/// The same four lanes in both halves.
#[inline(always)]
fn twice<T: Copy>(half: T) -> Halves<T> {
    (half, half)
}

/// `0..8`
#[inline(always)]
fn lanes() -> Halves<uint32x4_t> {
    unsafe { (vld1q_u32([0, 1, 2, 3].as_ptr()), vld1q_u32([4, 5, 6, 7].as_ptr())) }
}

/// Columns of four rows of four.
#[inline(always)]
fn transpose_quarter([a, b, c, d]: [float32x4_t; 4]) -> [float32x4_t; 4] {
    unsafe {
        let (even_ab, odd_ab) = (vtrn1q_f32(a, b), vtrn2q_f32(a, b));
        let (even_cd, odd_cd) = (vtrn1q_f32(c, d), vtrn2q_f32(c, d));
        let [even_ab, odd_ab, even_cd, odd_cd] =
            [even_ab, odd_ab, even_cd, odd_cd].map(|pairs| vreinterpretq_f64_f32(pairs));
        [
            vtrn1q_f64(even_ab, even_cd),
            vtrn1q_f64(odd_ab, odd_cd),
            vtrn2q_f64(even_ab, even_cd),
            vtrn2q_f64(odd_ab, odd_cd),
        ]
        .map(|column| vreinterpretq_f32_f64(column))
    }
}

#[inline(always)]
unsafe fn half_exponent(a: float32x4_t) -> float32x4_t {
    unsafe {
        let biased = vshrq_n_u32::<23>(vreinterpretq_u32_f32(a));
        vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(biased), vdupq_n_s32(127)))
    }
}

#[inline(always)]
unsafe fn half_exp2(a: float32x4_t) -> float32x4_t {
    unsafe { vreinterpretq_f32_s32(vshlq_n_s32::<23>(vaddq_s32(vcvtnq_s32_f32(a), vdupq_n_s32(127)))) }
}

/// [`element_bits`](cnn_core::rng::element_bits) of four elements.
#[inline(always)]
unsafe fn half_element_bits(key: uint32x4_t, element: uint32x4_t) -> uint32x4_t {
    unsafe {
        let bits = veorq_u32(element, key);
        let bits = vmulq_u32(veorq_u32(bits, vshrq_n_u32::<16>(bits)), vdupq_n_u32(0x7FEB_352D));
        let bits = vmulq_u32(veorq_u32(bits, vshrq_n_u32::<15>(bits)), vdupq_n_u32(0x846C_A68B));
        veorq_u32(bits, vshrq_n_u32::<16>(bits))
    }
}

impl Simd for Neon {
    const NAME: &'static str = "NEON";
    const KEY: &'static str = "neon";
    const SUMS: usize = 12;

    type V = Halves<float32x4_t>;
    type M = Halves<uint32x4_t>;
    type Pair = Apart<Self>;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        unsafe { compiled_for_neon(self, kernel) }
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::V {
        unsafe { (vld1q_f32(from), vld1q_f32(from.add(4))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Self::V) {
        unsafe {
            vst1q_f32(to, value.0);
            vst1q_f32(to.add(4), value.1);
        }
    }
    #[inline(always)]
    unsafe fn gather(self, from: *const f32, places: &[i32; 8]) -> Self::V {
        unsafe { self.load(places.map(|place| *from.offset(place as isize)).as_ptr()) }
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        unsafe { twice(vdupq_n_f32(value)) }
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        on_halves!(vaddq_f32(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        on_halves!(vsubq_f32(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        on_halves!(vmulq_f32(a, b))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        on_halves!(vdivq_f32(a, b))
    }
    #[inline(always)]
    fn sqrt(self, a: Self::V) -> Self::V {
        on_halves!(vsqrtq_f32(a))
    }
    #[inline(always)]
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        on_halves!(vfmaq_f32(c, a, b))
    }
    // `vminq_f32` and `vmaxq_f32` would give NaN if either is.
    #[inline(always)]
    fn min(self, a: Self::V, b: Self::V) -> Self::V {
        self.select(self.gt(b, a), a, b)
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        self.select(self.gt(a, b), a, b)
    }
    #[inline(always)]
    fn exponent(self, a: Self::V) -> Self::V {
        on_halves!(half_exponent(a))
    }
    #[inline(always)]
    fn round(self, a: Self::V) -> Self::V {
        on_halves!(vrndnq_f32(a))
    }
    #[inline(always)]
    fn exp2(self, a: Self::V) -> Self::V {
        on_halves!(half_exp2(a))
    }
    #[inline(always)]
    fn transpose(self, rows: [Self::V; 8]) -> [Self::V; 8] {
        let low = |from: usize| transpose_quarter(from_fn(|row| rows[from + row].0));
        let high = |from: usize| transpose_quarter(from_fn(|row| rows[from + row].1));
        let (top, bottom) = ([low(0), high(0)], [low(4), high(4)]);
        from_fn(|lane| (top[lane / 4][lane % 4], bottom[lane / 4][lane % 4]))
    }
    #[inline(always)]
    fn gt(self, a: Self::V, b: Self::V) -> Self::M {
        on_halves!(vcgtq_f32(a, b))
    }
    #[inline(always)]
    fn is_nan(self, a: Self::V) -> Self::M {
        let is_number = on_halves!(vceqq_f32(a, a));
        on_halves!(vmvnq_u32(is_number))
    }
    #[inline(always)]
    fn first_lanes(self, count: usize) -> Self::M {
        let (lanes, count) = (lanes(), twice(unsafe { vdupq_n_u32(count as u32) }));
        on_halves!(vcltq_u32(lanes, count))
    }
    #[inline(always)]
    fn and(self, a: Self::M, b: Self::M) -> Self::M {
        on_halves!(vandq_u32(a, b))
    }
    #[inline(always)]
    fn or(self, a: Self::M, b: Self::M) -> Self::M {
        on_halves!(vorrq_u32(a, b))
    }
    #[inline(always)]
    fn and_not(self, a: Self::M, b: Self::M) -> Self::M {
        on_halves!(vbicq_u32(a, b))
    }
    #[inline(always)]
    fn select(self, mask: Self::M, yes: Self::V, no: Self::V) -> Self::V {
        on_halves!(vbslq_f32(mask, yes, no))
    }
    #[inline(always)]
    fn kept(self, mask: &Mask, first: u32) -> Self::M {
        let [first, key, threshold] =
            [first, mask.key, mask.threshold].map(|value| twice(unsafe { vdupq_n_u32(value) }));
        let lanes = lanes();
        let element = on_halves!(vaddq_u32(first, lanes));
        let bits = on_halves!(half_element_bits(key, element));
        on_halves!(vcgeq_u32(bits, threshold))
    }
}
