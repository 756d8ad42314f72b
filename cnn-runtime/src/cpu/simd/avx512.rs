//! AVX-512: vectors of eight with 32 registers, masks in registers of their own, and the sums of
//! two blocks in one register.
//!
//! Maps and filters are stored in blocks of eight, so a vector of sixteen is two blocks that lie
//! apart. Multiply-adds are worth joining them; everything else takes one block at a time. What
//! does not involve a mask is [`Avx2Fma`]'s, encoded anew by the compiler. Each lane of either
//! gives the same bits as with AVX2. Every intrinsic here is sound to execute because an [`Avx512`]
//! exists only where all three extensions were detected.
#![allow(clippy::undocumented_unsafe_blocks, reason = "one SAFETY argument holds for all: see above")]

use std::arch::x86_64::*;

use cnn_core::rng::Mask;

use super::{Kernel, Simd, avx2::Avx2Fma, blocks::Blocks};

/// Proof that the processor has AVX-512 F, VL and DQ, and what [`Avx2Fma`] proves.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx512(Avx2Fma);

impl Avx512 {
    pub(super) fn detect() -> Option<Avx512> {
        let all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq");
        Avx2Fma::detect().filter(|_| all).map(Avx512)
    }
}

#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512dq")]
fn compiled_for_avx512<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
    kernel.run(simd)
}

/// Two blocks in one register of sixteen.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Joined(__m512);

impl Blocks<Avx512> for Joined {
    const COUNT: usize = 2;
    const VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn load(simd: Avx512, from: *const f32, distance: usize) -> Joined {
        unsafe {
            let (low, high) = (simd.load(from), simd.load(from.add(distance)));
            Joined(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high))
        }
    }
    #[inline(always)]
    unsafe fn store(self, simd: Avx512, to: *mut f32, distance: usize) {
        unsafe {
            simd.store(to, _mm512_castps512_ps256(self.0));
            simd.store(to.add(distance), _mm512_extractf32x8_ps::<1>(self.0));
        }
    }
    #[inline(always)]
    fn splat(_: Avx512, value: f32) -> Joined {
        Joined(unsafe { _mm512_set1_ps(value) })
    }
    #[inline(always)]
    fn add(self, _: Avx512, other: Joined) -> Joined {
        Joined(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    fn fma(self, _: Avx512, factor: Joined, sum: Joined) -> Joined {
        Joined(unsafe { _mm512_fmadd_ps(self.0, factor.0, sum.0) })
    }
}

/// Operations on vectors alone.
macro_rules! as_avx2 {
    ($($operation:ident($($operand:ident),+);)+) => {
        $(
            #[inline(always)]
            fn $operation(self, $($operand: __m256),+) -> __m256 {
                self.0.$operation($($operand),+)
            }
        )+
    };
}

impl Simd for Avx512 {
    const NAME: &'static str = "AVX-512";
    const KEY: &'static str = "avx512";
    const SUMS: usize = 24;

    type V = __m256;
    type M = __mmask8;
    type Pair = Joined;

    as_avx2! {
        add(a, b);
        sub(a, b);
        mul(a, b);
        div(a, b);
        sqrt(a);
        fma(a, b, c);
        min(a, b);
        max(a, b);
        exponent(a);
        round(a);
        exp2(a);
    }

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        unsafe { compiled_for_avx512(self, kernel) }
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        unsafe { self.0.load(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m256) {
        unsafe { self.0.store(to, value) }
    }
    #[inline(always)]
    unsafe fn gather(self, from: *const f32, places: &[i32; 8]) -> __m256 {
        unsafe { self.0.gather(from, places) }
    }
    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        self.0.splat(value)
    }
    #[inline(always)]
    fn transpose(self, rows: [__m256; 8]) -> [__m256; 8] {
        self.0.transpose(rows)
    }
    #[inline(always)]
    fn gt(self, a: __m256, b: __m256) -> __mmask8 {
        unsafe { _mm256_cmp_ps_mask::<_CMP_GT_OQ>(a, b) }
    }
    #[inline(always)]
    fn is_nan(self, a: __m256) -> __mmask8 {
        unsafe { _mm256_cmp_ps_mask::<_CMP_UNORD_Q>(a, a) }
    }
    #[inline(always)]
    fn first_lanes(self, count: usize) -> __mmask8 {
        ((1_u32 << count.min(8)) - 1) as __mmask8
    }
    #[inline(always)]
    fn and(self, a: __mmask8, b: __mmask8) -> __mmask8 {
        a & b
    }
    #[inline(always)]
    fn or(self, a: __mmask8, b: __mmask8) -> __mmask8 {
        a | b
    }
    #[inline(always)]
    fn and_not(self, a: __mmask8, b: __mmask8) -> __mmask8 {
        a & !b
    }
    #[inline(always)]
    fn select(self, mask: __mmask8, yes: __m256, no: __m256) -> __m256 {
        unsafe { _mm256_mask_blend_ps(mask, no, yes) }
    }
    #[inline(always)]
    fn kept(self, mask: &Mask, first: u32) -> __mmask8 {
        let bits = self.0.element_bits(mask.key, first);
        unsafe { _mm256_cmpge_epu32_mask(bits, _mm256_set1_epi32(mask.threshold.cast_signed())) }
    }
}
