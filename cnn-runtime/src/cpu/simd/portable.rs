//! Arrays of eight floats in plain Rust, which the compiler vectorises as far as the target allows.

use std::array::from_fn;

use cnn_core::rng::{Mask, element_bits};

use super::{Kernel, Simd, blocks::Apart};

/// Needs nothing of the processor.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Portable;

#[derive(Clone, Copy)]
#[repr(align(32))]
pub(in crate::cpu) struct Floats([f32; 8]);

#[inline(always)]
fn map2(a: Floats, b: Floats, op: impl Fn(f32, f32) -> f32) -> Floats {
    Floats(from_fn(|lane| op(a.0[lane], b.0[lane])))
}

impl Simd for Portable {
    const NAME: &'static str = "portable";
    const KEY: &'static str = "portable";
    const SUMS: usize = 12;

    type V = Floats;
    type M = [bool; 8];
    type Pair = Apart<Self>;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        compiled_for_any(self, kernel)
    }
    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Floats {
        // SAFETY: the caller says that eight floats can be read.
        Floats(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32, value: Floats) {
        // SAFETY: the caller says that eight floats can be written.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(value.0) }
    }
    #[inline(always)]
    unsafe fn gather(self, from: *const f32, places: &[i32; 8]) -> Floats {
        // SAFETY: the caller says that all places can be read.
        Floats(places.map(|place| unsafe { from.offset(place as isize).read() }))
    }
    #[inline(always)]
    fn splat(self, value: f32) -> Floats {
        Floats([value; 8])
    }
    #[inline(always)]
    fn add(self, a: Floats, b: Floats) -> Floats {
        map2(a, b, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, a: Floats, b: Floats) -> Floats {
        map2(a, b, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, a: Floats, b: Floats) -> Floats {
        map2(a, b, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, a: Floats, b: Floats) -> Floats {
        map2(a, b, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self, a: Floats) -> Floats {
        Floats(a.0.map(f32::sqrt))
    }
    #[inline(always)]
    fn fma(self, a: Floats, b: Floats, c: Floats) -> Floats {
        self.add(self.mul(a, b), c)
    }
    #[inline(always)]
    fn min(self, a: Floats, b: Floats) -> Floats {
        map2(a, b, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    fn max(self, a: Floats, b: Floats) -> Floats {
        map2(a, b, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    fn round(self, a: Floats) -> Floats {
        Floats(a.0.map(f32::round_ties_even))
    }
    #[inline(always)]
    fn exponent(self, a: Floats) -> Floats {
        Floats(a.0.map(|a| ((a.to_bits() >> 23).cast_signed() - 127) as f32))
    }
    #[inline(always)]
    fn exp2(self, a: Floats) -> Floats {
        Floats(a.0.map(|a| f32::from_bits((a as i32 + 127).cast_unsigned() << 23)))
    }
    #[inline(always)]
    fn transpose(self, rows: [Floats; 8]) -> [Floats; 8] {
        from_fn(|column| Floats(from_fn(|row| rows[row].0[column])))
    }
    #[inline(always)]
    fn gt(self, a: Floats, b: Floats) -> [bool; 8] {
        from_fn(|lane| a.0[lane] > b.0[lane])
    }
    #[inline(always)]
    fn is_nan(self, a: Floats) -> [bool; 8] {
        a.0.map(f32::is_nan)
    }
    #[inline(always)]
    fn first_lanes(self, count: usize) -> [bool; 8] {
        from_fn(|lane| lane < count)
    }
    #[inline(always)]
    fn and(self, a: [bool; 8], b: [bool; 8]) -> [bool; 8] {
        from_fn(|lane| a[lane] & b[lane])
    }
    #[inline(always)]
    fn or(self, a: [bool; 8], b: [bool; 8]) -> [bool; 8] {
        from_fn(|lane| a[lane] | b[lane])
    }
    #[inline(always)]
    fn and_not(self, a: [bool; 8], b: [bool; 8]) -> [bool; 8] {
        from_fn(|lane| a[lane] & !b[lane])
    }
    #[inline(always)]
    fn select(self, mask: [bool; 8], yes: Floats, no: Floats) -> Floats {
        Floats(from_fn(|lane| if mask[lane] { yes.0[lane] } else { no.0[lane] }))
    }
    #[inline(always)]
    fn kept(self, mask: &Mask, first: u32) -> [bool; 8] {
        from_fn(|lane| element_bits(mask.key, first.wrapping_add(lane as u32)) >= mask.threshold)
    }
}

#[inline(never)]
fn compiled_for_any<K: Kernel>(simd: Portable, kernel: K) -> K::Output {
    kernel.run(simd)
}
