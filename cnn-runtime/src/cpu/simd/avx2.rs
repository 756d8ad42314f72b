//! AVX2 with FMA.
//!
//! Every intrinsic here is sound to execute because an [`Avx2Fma`] exists only where both were
//! detected.
#![allow(clippy::undocumented_unsafe_blocks, reason = "one SAFETY argument holds for all: see above")]

use std::arch::x86_64::*;

use cnn_core::rng::Mask;

use super::{Kernel, Simd, blocks::Apart};

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx2Fma(());

impl Avx2Fma {
    pub(super) fn detect() -> Option<Avx2Fma> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Avx2Fma(()))
    }

    /// [`element_bits`](cnn_core::rng::element_bits) of eight elements from `first` on.
    #[inline(always)]
    pub(super) fn element_bits(self, key: u32, first: u32) -> __m256i {
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            let element = _mm256_add_epi32(_mm256_set1_epi32(first as i32), lanes);
            let mut bits = _mm256_xor_si256(element, _mm256_set1_epi32(key as i32));
            bits = _mm256_xor_si256(bits, _mm256_srli_epi32::<16>(bits));
            bits = _mm256_mullo_epi32(bits, _mm256_set1_epi32(0x7FEB_352D));
            bits = _mm256_xor_si256(bits, _mm256_srli_epi32::<15>(bits));
            bits = _mm256_mullo_epi32(bits, _mm256_set1_epi32(0x846C_A68B_u32 as i32));
            _mm256_xor_si256(bits, _mm256_srli_epi32::<16>(bits))
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn compiled_for_avx2<K: Kernel>(simd: Avx2Fma, kernel: K) -> K::Output {
    kernel.run(simd)
}

impl Simd for Avx2Fma {
    const NAME: &'static str = "AVX2+FMA";
    const KEY: &'static str = "avx2";
    const SUMS: usize = 12;

    type V = __m256;
    type M = __m256;
    type Pair = Apart<Self>;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        unsafe { compiled_for_avx2(self, kernel) }
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: __m256) {
        unsafe { _mm256_storeu_ps(to, value) }
    }
    #[inline(always)]
    unsafe fn gather(self, from: *const f32, places: &[i32; 8]) -> __m256 {
        unsafe { _mm256_i32gather_ps::<4>(from, _mm256_loadu_si256(places.as_ptr().cast())) }
    }
    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_add_ps(a, b) }
    }
    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_sub_ps(a, b) }
    }
    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_mul_ps(a, b) }
    }
    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_div_ps(a, b) }
    }
    #[inline(always)]
    fn sqrt(self, a: __m256) -> __m256 {
        unsafe { _mm256_sqrt_ps(a) }
    }
    #[inline(always)]
    fn fma(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_min_ps(a, b) }
    }
    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_max_ps(a, b) }
    }
    #[inline(always)]
    fn round(self, a: __m256) -> __m256 {
        unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }
    #[inline(always)]
    fn exponent(self, a: __m256) -> __m256 {
        unsafe {
            let biased = _mm256_srli_epi32::<23>(_mm256_castps_si256(a));
            _mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)))
        }
    }
    #[inline(always)]
    fn exp2(self, a: __m256) -> __m256 {
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(a), _mm256_set1_epi32(127));
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
        }
    }
    #[inline(always)]
    fn transpose(self, rows: [__m256; 8]) -> [__m256; 8] {
        unsafe {
            let [a, b, c, d, e, f, g, h] = rows;
            // Pairs, quadruples, then halves of rows.
            let (ab, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let (ef, ef_high) = (_mm256_unpacklo_ps(e, f), _mm256_unpackhi_ps(e, f));
            let (gh, gh_high) = (_mm256_unpacklo_ps(g, h), _mm256_unpackhi_ps(g, h));
            let low = [
                _mm256_shuffle_ps::<0b01_00_01_00>(ab, cd),
                _mm256_shuffle_ps::<0b11_10_11_10>(ab, cd),
                _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
                _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
            ];
            let high = [
                _mm256_shuffle_ps::<0b01_00_01_00>(ef, gh),
                _mm256_shuffle_ps::<0b11_10_11_10>(ef, gh),
                _mm256_shuffle_ps::<0b01_00_01_00>(ef_high, gh_high),
                _mm256_shuffle_ps::<0b11_10_11_10>(ef_high, gh_high),
            ];
            let mut columns = rows;
            for lane in 0..4 {
                columns[lane] = _mm256_permute2f128_ps::<0x20>(low[lane], high[lane]);
                columns[lane + 4] = _mm256_permute2f128_ps::<0x31>(low[lane], high[lane]);
            }
            columns
        }
    }
    #[inline(always)]
    fn gt(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_cmp_ps::<_CMP_GT_OQ>(a, b) }
    }
    #[inline(always)]
    fn is_nan(self, a: __m256) -> __m256 {
        unsafe { _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a) }
    }
    #[inline(always)]
    fn first_lanes(self, count: usize) -> __m256 {
        unsafe {
            let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes))
        }
    }
    #[inline(always)]
    fn and(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_and_ps(a, b) }
    }
    #[inline(always)]
    fn or(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_or_ps(a, b) }
    }
    #[inline(always)]
    fn and_not(self, a: __m256, b: __m256) -> __m256 {
        unsafe { _mm256_andnot_ps(b, a) }
    }
    #[inline(always)]
    fn select(self, mask: __m256, yes: __m256, no: __m256) -> __m256 {
        unsafe { _mm256_blendv_ps(no, yes, mask) }
    }
    #[inline(always)]
    fn kept(self, mask: &Mask, first: u32) -> __m256 {
        let bits = self.element_bits(mask.key, first);
        unsafe {
            let threshold = _mm256_set1_epi32(mask.threshold as i32);
            // Unsigned bits >= threshold: the larger of the two is `bits`.
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_max_epu32(bits, threshold), bits))
        }
    }
}
