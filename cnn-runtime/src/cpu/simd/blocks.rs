//! Vectors of one block or of two neighbours: what a register tile holds its sums in.

use super::Simd;

/// One or two vectors that are worked on as one. Blocks lie any distance apart in memory; each lane
/// is computed as alone.
pub(in crate::cpu) trait Blocks<S: Simd>: Copy {
    /// Blocks held.
    const COUNT: usize;
    /// Vectors that hold them.
    const VECTORS: usize;

    /// # Safety
    /// `from` must be readable for eight floats, and `from + distance` if there are two blocks.
    unsafe fn load(simd: S, from: *const f32, distance: usize) -> Self;
    /// # Safety
    /// As for `load`, writable.
    unsafe fn store(self, simd: S, to: *mut f32, distance: usize);

    fn splat(simd: S, value: f32) -> Self;
    fn add(self, simd: S, other: Self) -> Self;
    /// `self * factor + sum`.
    fn fma(self, simd: S, factor: Self, sum: Self) -> Self;
}

/// A block.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Single<S: Simd>(S::V);

impl<S: Simd> Blocks<S> for Single<S> {
    const COUNT: usize = 1;
    const VECTORS: usize = 1;

    #[inline(always)]
    unsafe fn load(simd: S, from: *const f32, _: usize) -> Self {
        // SAFETY: the caller's promise.
        Single(unsafe { simd.load(from) })
    }
    #[inline(always)]
    unsafe fn store(self, simd: S, to: *mut f32, _: usize) {
        // SAFETY: the caller's promise.
        unsafe { simd.store(to, self.0) }
    }
    #[inline(always)]
    fn splat(simd: S, value: f32) -> Self {
        Single(simd.splat(value))
    }
    #[inline(always)]
    fn add(self, simd: S, other: Self) -> Self {
        Single(simd.add(self.0, other.0))
    }
    #[inline(always)]
    fn fma(self, simd: S, factor: Self, sum: Self) -> Self {
        Single(simd.fma(self.0, factor.0, sum.0))
    }
}

/// Two blocks in registers of their own, where none holds both.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Apart<S: Simd>(S::V, S::V);

impl<S: Simd> Blocks<S> for Apart<S> {
    const COUNT: usize = 2;
    const VECTORS: usize = 2;

    #[inline(always)]
    unsafe fn load(simd: S, from: *const f32, distance: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { Apart(simd.load(from), simd.load(from.add(distance))) }
    }
    #[inline(always)]
    unsafe fn store(self, simd: S, to: *mut f32, distance: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            simd.store(to, self.0);
            simd.store(to.add(distance), self.1);
        }
    }
    #[inline(always)]
    fn splat(simd: S, value: f32) -> Self {
        let value = simd.splat(value);
        Apart(value, value)
    }
    #[inline(always)]
    fn add(self, simd: S, other: Self) -> Self {
        Apart(simd.add(self.0, other.0), simd.add(self.1, other.1))
    }
    #[inline(always)]
    fn fma(self, simd: S, factor: Self, sum: Self) -> Self {
        Apart(simd.fma(self.0, factor.0, sum.0), simd.fma(self.1, factor.1, sum.1))
    }
}
