//! Vectors of eight f32 on whatever the processor offers.
//!
//! An [`Isa`] value is the proof that its instructions exist: only detection makes one. A kernel is generic over [`Simd`]
//! and `#[inline(always)]` throughout; [`Isa::run`] instantiates it inside a function compiled for that instruction set.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub(super) mod math;
mod portable;
pub(super) mod product;
pub(super) mod tile;

use crate::rng::Mask;

/// A loop to be compiled once per instruction set.
pub(super) trait Kernel {
    type Output;
    /// Must be `#[inline(always)]`, as everything it calls.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set; each vector holds eight f32.
pub(super) trait Simd: Copy {
    type V: Copy;
    type M: Copy;

    /// Runs a kernel in a function of its own, compiled for this instruction set.
    fn call<K: Kernel>(self, kernel: K) -> K::Output;

    /// # Safety
    /// `from` must be readable for eight floats.
    unsafe fn load(self, from: *const f32) -> Self::V;
    /// # Safety
    /// `to` must be writable for eight floats.
    unsafe fn store(self, to: *mut f32, value: Self::V);
    /// Eight floats at places of their own.
    ///
    /// # Safety
    /// All of them must be readable.
    unsafe fn gather(self, from: *const f32, places: &[i32; 8]) -> Self::V;

    fn splat(self, value: f32) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    fn sqrt(self, a: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the hardware can.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a < b ? a : b`: NaN if `b` is.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a > b ? a : b`: NaN if `b` is.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `floor(log2(a))` of a normal positive number.
    fn exponent(self, a: Self::V) -> Self::V;
    /// Nearest integer, ties to even.
    fn round(self, a: Self::V) -> Self::V;
    /// `2^a` of an integer in `-126..=127`.
    fn exp2(self, a: Self::V) -> Self::V;

    /// Lane `i` of row `j` becomes lane `j` of row `i`.
    fn transpose(self, rows: [Self::V; 8]) -> [Self::V; 8];

    /// `a > b`, false for NaN.
    fn gt(self, a: Self::V, b: Self::V) -> Self::M;
    fn is_nan(self, a: Self::V) -> Self::M;
    /// The first `count` lanes.
    fn first_lanes(self, count: usize) -> Self::M;
    fn and(self, a: Self::M, b: Self::M) -> Self::M;
    fn or(self, a: Self::M, b: Self::M) -> Self::M;
    /// `a` and not `b`.
    fn and_not(self, a: Self::M, b: Self::M) -> Self::M;
    fn select(self, mask: Self::M, yes: Self::V, no: Self::V) -> Self::V;
    /// Which of eight elements from `first` on a dropout mask keeps.
    fn kept(self, mask: &Mask, first: u32) -> Self::M;
}

/// Greater, or NaN against a number.
#[inline(always)]
pub(super) fn beats<S: Simd>(simd: S, a: S::V, b: S::V) -> S::M {
    simd.or(simd.gt(a, b), simd.and_not(simd.is_nan(a), simd.is_nan(b)))
}

/// The instruction sets there are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2Fma),
    Portable(portable::Portable),
}

impl Isa {
    /// The fastest that this processor has.
    pub(super) fn detect() -> Isa {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = avx2::Avx2Fma::detect() {
            return Isa::Avx2(avx2);
        }
        Isa::portable()
    }

    /// Plain Rust, on any processor.
    pub(super) fn portable() -> Isa {
        Isa::Portable(portable::Portable)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(_) => "AVX2+FMA",
            Isa::Portable(_) => "portable",
        }
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(simd) => simd.call(kernel),
            Isa::Portable(simd) => simd.call(kernel),
        }
    }
}
