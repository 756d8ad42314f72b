//! Vectors of eight f32 on whatever the processor offers.
//!
//! An [`Isa`] value is the proof that its instructions exist: only detection makes one. A kernel is
//! generic over [`Simd`] and `#[inline(always)]` throughout; [`Isa::run`] instantiates it inside a
//! function compiled for that instruction set.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(super) mod blocks;
pub(super) mod math;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
pub(super) mod product;
pub(super) mod taps;
#[cfg(test)]
mod tests;
pub(super) mod tile;

use blocks::Blocks;
use cnn_core::{Error, Result, rng::Mask};

/// The environment variable that asks for an instruction set.
const VARIABLE: &str = "CNN_ISA";

/// Pixels in a tile at most.
pub(super) const PIXELS: usize = 12;

/// A loop to be compiled once per instruction set.
pub(super) trait Kernel {
    type Output;
    /// Must be `#[inline(always)]`, as everything it calls: what is not inlined is not compiled for
    /// the instruction set. So a loop stands where an iterator would take a closure.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set; each vector holds eight f32.
pub(super) trait Simd: Copy {
    /// For people.
    const NAME: &'static str;
    /// For [`VARIABLE`].
    const KEY: &'static str;
    /// Vectors that may hold the sums of a tile, beside what is multiplied.
    const SUMS: usize;

    type V: Copy;
    type M: Copy;
    /// Two blocks.
    type Pair: Blocks<Self>;

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
    Avx512(avx512::Avx512),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2Fma),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
    Portable(portable::Portable),
}

impl Isa {
    /// Those that this processor has, the fastest first; the last is plain Rust, on any processor.
    pub(super) fn available() -> impl Iterator<Item = Isa> {
        #[cfg(target_arch = "x86_64")]
        let vectors = [avx512::Avx512::detect().map(Isa::Avx512), avx2::Avx2Fma::detect().map(Isa::Avx2)];
        #[cfg(target_arch = "aarch64")]
        let vectors = [neon::Neon::detect().map(Isa::Neon)];
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let vectors: [Option<Isa>; 0] = [];
        vectors.into_iter().flatten().chain([Isa::Portable(portable::Portable)])
    }

    /// What [`VARIABLE`] asks for, or the fastest that this processor has.
    ///
    /// # Errors
    /// [`Error::Usage`] if this processor has no such instructions.
    pub(super) fn choose() -> Result<Isa> {
        let wanted = std::env::var_os(VARIABLE).filter(|wanted| !wanted.is_empty());
        Isa::find(wanted.as_ref().map(|wanted| wanted.to_string_lossy()).as_deref())
    }

    fn find(wanted: Option<&str>) -> Result<Isa> {
        let all = || Isa::available().map(|isa| (isa, isa.profile().key));
        let found = all().find(|(_, key)| wanted.is_none_or(|wanted| wanted == *key));
        found.map(|(isa, _)| isa).ok_or_else(|| {
            let (wanted, keys) = (wanted.unwrap_or_default(), all().map(|(_, key)| key).collect::<Vec<_>>());
            Error::Usage(format!(
                "{VARIABLE}={wanted}: on this processor it can be one of {}",
                keys.join(", ")
            ))
        })
    }

    #[inline(always)]
    pub(super) fn profile(self) -> &'static Profile {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(_) => const { &Profile::of::<avx512::Avx512>() },
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(_) => const { &Profile::of::<avx2::Avx2Fma>() },
            #[cfg(target_arch = "aarch64")]
            Isa::Neon(_) => const { &Profile::of::<neon::Neon>() },
            Isa::Portable(_) => const { &Profile::of::<portable::Portable>() },
        }
    }

    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512(simd) => simd.call(kernel),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2(simd) => simd.call(kernel),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon(simd) => simd.call(kernel),
            Isa::Portable(simd) => simd.call(kernel),
        }
    }
}

/// What is to be known of an instruction set.
#[derive(Debug)]
pub(super) struct Profile {
    /// For people.
    pub(super) name: &'static str,
    key: &'static str,
    /// Vectors for sums.
    sums: usize,
    /// Vectors that a pair of blocks takes.
    pair: usize,
}

impl Profile {
    const fn of<S: Simd>() -> Profile {
        Profile { name: S::NAME, key: S::KEY, sums: S::SUMS, pair: S::Pair::VECTORS }
    }

    /// Blocks that a tile of many pixels holds.
    pub(super) fn blocks(&self) -> usize {
        4 / self.pair
    }

    /// How many of some blocks, 1, 2, 4 or 8, a tile of so many pixels holds: few pixels leave
    /// registers for more blocks.
    pub(super) fn blocks_of(&self, blocks: usize, pixels: usize) -> usize {
        let fits = |&most: &usize| most <= blocks && (most <= self.blocks() || pixels <= self.pixels(most));
        [8, 4, 2].into_iter().find(fits).unwrap_or(1)
    }

    /// Pixels of 1, 2, 4 or 8 blocks whose sums fit the registers.
    pub(super) fn pixels(&self, blocks: usize) -> usize {
        let vectors = if blocks == 1 { 1 } else { blocks / 2 * self.pair };
        (self.sums / vectors).min(PIXELS)
    }
}
