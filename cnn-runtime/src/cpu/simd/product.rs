//! The matrix product on blocked maps, `y[o][pixel] = sum over i of x[i][pixel] * w[o][i]`, for
//! many pixels and output blocks at once.
//!
//! `x` is `[ceil(I/8)][pixels][8]`, `w` is `[ceil(O/8)][I][8]`, `y` is `[ceil(O/8)][pixels][8]`,
//! blocks lie any distance apart. Inputs are summed in order, [`RUN`] at a time, and so are these
//! sums: that halves the error of one long sum. The order does not depend on the tile that holds a
//! sum. Padding lanes of `x` are not read.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name the register of a sum; loops of constant length unroll"
)]

use super::{
    Isa, Kernel, PIXELS, Simd,
    blocks::{Blocks, Single},
    tile::{near_equal, term},
};
use crate::{cpu::memory::Span, plan::BLOCK};

/// Inputs whose sum stays in registers.
const RUN: usize = 64;

/// A product of these sizes; distances of blocks are in floats.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Product {
    pub(in crate::cpu) inputs: usize,
    pub(in crate::cpu) pixels: usize,
    /// Output blocks.
    pub(in crate::cpu) blocks: usize,
    pub(in crate::cpu) x_block: usize,
    pub(in crate::cpu) w_block: usize,
    pub(in crate::cpu) y_block: usize,
}

impl Product {
    /// Computes `y`.
    pub(in crate::cpu) fn run(&self, isa: Isa, x: Span, w: Span, y: Span) {
        let end = |count: usize, distance: usize, len: usize| (count - 1) * distance + len;
        let all = self.inputs.min(self.pixels).min(self.blocks) > 0
            && end(self.inputs.div_ceil(BLOCK), self.x_block, self.pixels * BLOCK) <= x.len()
            && end(self.blocks, self.w_block, self.inputs * BLOCK) <= w.len()
            && end(self.blocks, self.y_block, self.pixels * BLOCK) <= y.len();
        assert!(all, "a product leaves its memory");
        isa.run(Operands { product: self, x: x.address(), w: w.address(), y: y.address() });
    }
}

/// A product whose operands are as long as it needs.
struct Operands<'a> {
    product: &'a Product,
    x: *const f32,
    w: *const f32,
    y: *mut f32,
}

impl Kernel for Operands<'_> {
    type Output = ();

    /// A few output blocks at a time, whose weights stay in the nearest cache for all pixels.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Product { blocks, .. } = *self.product;
        let mut block = 0;
        // SAFETY: `Product::run` asserts that the operands hold all blocks and pixels.
        unsafe {
            while S::Pair::VECTORS == 1 && block + 4 <= blocks {
                self.strip::<S, S::Pair, 2>(simd, block);
                block += 4;
            }
            while block + 2 <= blocks {
                self.strip::<S, S::Pair, 1>(simd, block);
                block += 2;
            }
            if block < blocks {
                self.strip::<S, Single<S>, 1>(simd, block);
            }
        }
    }
}

impl Operands<'_> {
    /// All pixels of as many output blocks as `N` of `W` hold.
    #[inline(always)]
    unsafe fn strip<S: Simd, W: Blocks<S>, const N: usize>(&self, simd: S, block: usize) {
        let limit = (S::SUMS / (N * W::VECTORS)).min(PIXELS);
        let mut pixel = 0;
        for [groups, pixels] in near_equal(self.product.pixels, limit) {
            for _ in 0..groups {
                macro_rules! sized {
                    ($($pixels:literal)+) => {
                        match pixels {
                            // SAFETY: the caller has checked all pixels.
                            $($pixels => unsafe { self.tile::<S, W, N, $pixels>(simd, block, pixel) },)+
                            _ => unreachable!("a tile of {pixels} pixels"),
                        }
                    };
                }
                sized!(1 2 3 4 5 6 7 8 9 10 11 12);
                pixel += pixels;
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, W: Blocks<S>, const N: usize, const P: usize>(
        &self,
        simd: S,
        block: usize,
        pixel: usize,
    ) {
        if N * W::VECTORS * P > S::SUMS {
            unreachable!("larger than any tile of a strip");
        }
        for first in (0..self.product.inputs).step_by(RUN) {
            // SAFETY: the caller has checked all inputs.
            unsafe { self.run_of_inputs::<S, W, N, P>(simd, [block, pixel], first) }
        }
    }

    /// Adds up to [`RUN`] inputs to a tile, which starts from the first.
    #[inline(always)]
    unsafe fn run_of_inputs<S: Simd, W: Blocks<S>, const N: usize, const P: usize>(
        &self,
        simd: S,
        [block, pixel]: [usize; 2],
        first: usize,
    ) {
        let Product { inputs, x_block, w_block, y_block, .. } = *self.product;
        let inputs = RUN.min(inputs - first);
        let mut sums = [[W::splat(simd, 0.0); P]; N];
        // SAFETY: the caller has checked the positions of all blocks, inputs and pixels.
        unsafe {
            let x = self.x.add(first / BLOCK * x_block + pixel * BLOCK);
            let mut w = self.w.add(block * w_block + first * BLOCK);
            // One loop of unknown length: unrolled, it would ask for more registers than there are.
            for block in (0..inputs).step_by(BLOCK) {
                let mut lane = x.add(block / BLOCK * x_block);
                for _ in 0..BLOCK.min(inputs - block) {
                    term(simd, (lane, BLOCK), (w, w_block), &mut sums);
                    lane = lane.wrapping_add(1);
                    w = w.wrapping_add(BLOCK);
                }
            }
            let y = self.y.add(block * y_block + pixel * BLOCK);
            for n in 0..N {
                for p in 0..P {
                    let y = y.add(n * W::COUNT * y_block + p * BLOCK);
                    let before = if first == 0 { W::splat(simd, 0.0) } else { W::load(simd, y, y_block) };
                    before.add(simd, sums[n][p]).store(simd, y, y_block);
                }
            }
        }
    }
}
