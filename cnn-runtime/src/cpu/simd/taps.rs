//! Products of rows of pixels with their neighbours, summed: the inner loop of filter gradients of
//! planar maps.
//!
//! `y[b][k] += sum over rows r, pixels p of x[r][p * stride + k] * w[b][r][p]`, where `y` and `w`
//! are vectors of eight outputs and `x` is scalar. A few neighbouring pixels have sums of their
//! own, which hide the latency of additions.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name the register of a sum; loops of constant length unroll"
)]

use super::{
    Isa, Kernel, Simd,
    blocks::{Blocks, Single},
    tile::term,
};
use crate::{cpu::memory::Span, plan::BLOCK};

/// Taps whose sums of one or two blocks fit the registers.
pub(in crate::cpu) const fn taps_of(blocks: usize) -> usize {
    if blocks == 1 { 7 } else { 6 }
}

/// Sums of one or two blocks by at most [`taps_of`] them.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Taps {
    pub(in crate::cpu) taps: usize,
    pub(in crate::cpu) blocks: usize,
    pub(in crate::cpu) rows: usize,
    pub(in crate::cpu) pixels: usize,
    pub(in crate::cpu) stride: usize,
    /// Floats between rows and between blocks.
    pub(in crate::cpu) x_row: usize,
    pub(in crate::cpu) w_row: usize,
    pub(in crate::cpu) w_block: usize,
    pub(in crate::cpu) y_block: usize,
}

impl Taps {
    /// Adds to `y`.
    pub(in crate::cpu) fn add(&self, isa: Isa, x: Span, w: Span, y: Span) {
        if self.rows * self.pixels == 0 {
            return;
        }
        let (last_row, last_block) = (self.rows - 1, self.blocks - 1);
        let inside = last_row * self.x_row + (self.pixels - 1) * self.stride + self.taps <= x.len()
            && last_row * self.w_row + last_block * self.w_block + self.pixels * BLOCK <= w.len()
            && last_block * self.y_block + self.taps * BLOCK <= y.len();
        assert!(inside, "taps leave their memory");
        if self.stride == 1 {
            self.dispatch::<1>(isa, [x, w, y]);
        } else {
            self.dispatch::<0>(isa, [x, w, y]);
        }
    }

    /// The stride is a constant, or any if that is 0.
    fn dispatch<const X: usize>(&self, isa: Isa, [x, w, y]: [Span; 3]) {
        let (x, w, y) = (x.address(), w.address(), y.address());
        macro_rules! sized {
            ($($blocks:literal x $taps:literal x $chains:literal),*) => {
                match (self.blocks, self.taps) {
                    $(($blocks, $taps) => {
                        isa.run(Sized::<$blocks, $taps, $chains, X> { shape: self, x, w, y });
                    })*
                    (blocks, taps) => unreachable!("{blocks} blocks x {taps} taps"),
                }
            };
        }
        sized!(
            1 x 1 x 4, 1 x 2 x 4, 1 x 3 x 4, 1 x 4 x 3, 1 x 5 x 2, 1 x 6 x 2, 1 x 7 x 2,
            2 x 1 x 4, 2 x 2 x 3, 2 x 3 x 2, 2 x 4 x 1, 2 x 5 x 1, 2 x 6 x 1
        );
    }
}

/// Sums of `B` blocks by `K` taps, each as `U` chains; the operands are as long as the shape needs.
struct Sized<'a, const B: usize, const K: usize, const U: usize, const X: usize> {
    shape: &'a Taps,
    x: *const f32,
    w: *const f32,
    y: *mut f32,
}

impl<const B: usize, const K: usize, const U: usize, const X: usize> Kernel for Sized<'_, B, K, U, X> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match B {
            1 => self.sum::<S, Single<S>>(simd),
            _ => self.sum::<S, S::Pair>(simd),
        }
    }
}

impl<const B: usize, const K: usize, const U: usize, const X: usize> Sized<'_, B, K, U, X> {
    #[inline(always)]
    fn sum<S: Simd, W: Blocks<S>>(self, simd: S) {
        let Taps { rows, pixels, x_row, w_row, w_block, y_block, .. } = *self.shape;
        let stride = if X == 0 { self.shape.stride } else { X };
        let mut chains = [[[W::splat(simd, 0.0); K]; 1]; U];
        // SAFETY: `Taps::add` asserts that every position below lies in its memory.
        unsafe {
            for row in 0..rows {
                let (mut x, mut w) = (self.x.add(row * x_row), self.w.add(row * w_row));
                for _ in 0..pixels / U {
                    for u in 0..U {
                        term(simd, (x.add(u * stride), 1), (w.add(u * BLOCK), w_block), &mut chains[u]);
                    }
                    x = x.wrapping_add(U * stride);
                    w = w.wrapping_add(U * BLOCK);
                }
                for u in 0..pixels % U {
                    term(simd, (x.add(u * stride), 1), (w.add(u * BLOCK), w_block), &mut chains[0]);
                }
            }
            for k in 0..K {
                let y = self.y.add(k * BLOCK);
                let mut sum = W::load(simd, y, y_block);
                for u in 0..U {
                    sum = sum.add(simd, chains[u][0][k]);
                }
                sum.store(simd, y, y_block);
            }
        }
    }
}
