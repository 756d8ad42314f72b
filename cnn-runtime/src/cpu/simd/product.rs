//! The matrix product on blocked maps, `y[o][pixel] = sum over i of x[i][pixel] * w[o][i]`, for many pixels and output blocks at once.
//!
//! `x` is `[ceil(I/8)][pixels][8]`, `w` is `[ceil(O/8)][I][8]`, `y` is `[ceil(O/8)][pixels][8]`, blocks lie any distance apart. Inputs
//! are summed in order, [`RUN`] at a time, and so are these sums: that halves the error of one long sum. The order does not
//! depend on the tile that holds a sum. Padding lanes of `x` are not read.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name the register of a sum; loops of constant length unroll"
)]

use super::{
    Isa, Kernel, Simd,
    tile::{PIXELS, pixels_of},
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

    /// Two output blocks at a time, whose weights stay in the nearest cache for all pixels.
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Product { blocks, .. } = *self.product;
        for block in (0..blocks).step_by(2) {
            // SAFETY: `Product::run` asserts that the operands hold all blocks and pixels.
            unsafe {
                if block + 1 < blocks {
                    self.strip::<S, 2>(simd, block);
                } else {
                    self.strip::<S, 1>(simd, block);
                }
            }
        }
    }
}

impl Operands<'_> {
    /// All pixels of `B` output blocks.
    #[inline(always)]
    unsafe fn strip<S: Simd, const B: usize>(&self, simd: S, block: usize) {
        let Product { pixels, .. } = *self.product;
        let limit = pixels_of(B);
        let whole = pixels - pixels % limit;
        // SAFETY: the caller has checked all of them.
        unsafe {
            for pixel in (0..whole).step_by(limit) {
                if B == 2 {
                    self.tile::<S, B, PIXELS>(simd, block, pixel);
                } else {
                    self.tile::<S, B, 8>(simd, block, pixel);
                }
            }
            match pixels % limit {
                0 => {}
                1 => self.tile::<S, B, 1>(simd, block, whole),
                2 => self.tile::<S, B, 2>(simd, block, whole),
                3 => self.tile::<S, B, 3>(simd, block, whole),
                4 => self.tile::<S, B, 4>(simd, block, whole),
                5 => self.tile::<S, B, 5>(simd, block, whole),
                6 => self.tile::<S, B, 6>(simd, block, whole),
                _ => self.tile::<S, B, 7>(simd, block, whole),
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, const B: usize, const P: usize>(&self, simd: S, block: usize, pixel: usize) {
        for first in (0..self.product.inputs).step_by(RUN) {
            // SAFETY: the caller has checked all inputs.
            unsafe { self.run_of_inputs::<S, B, P>(simd, [block, pixel], first) }
        }
    }

    /// Adds up to [`RUN`] inputs to a tile, which starts from the first.
    #[inline(always)]
    unsafe fn run_of_inputs<S: Simd, const B: usize, const P: usize>(
        &self,
        simd: S,
        [block, pixel]: [usize; 2],
        first: usize,
    ) {
        let Product { inputs, x_block, w_block, y_block, .. } = *self.product;
        let inputs = RUN.min(inputs - first);
        let mut sums = [[simd.splat(0.0); P]; B];
        // SAFETY: the caller has checked the positions of all blocks, inputs and pixels.
        unsafe {
            let x = self.x.add(first / BLOCK * x_block + pixel * BLOCK);
            let mut w = self.w.add(block * w_block + first * BLOCK);
            // One loop of unknown length: unrolled, it would ask for more registers than there are.
            for block in (0..inputs).step_by(BLOCK) {
                let mut lane = x.add(block / BLOCK * x_block);
                for _ in 0..BLOCK.min(inputs - block) {
                    term(simd, lane, w, w_block, &mut sums);
                    lane = lane.wrapping_add(1);
                    w = w.wrapping_add(BLOCK);
                }
            }
            let y = self.y.add(block * y_block + pixel * BLOCK);
            for b in 0..B {
                for p in 0..P {
                    let y = y.add(b * y_block + p * BLOCK);
                    let before = if first == 0 { simd.splat(0.0) } else { simd.load(y) };
                    simd.store(y, simd.add(before, sums[b][p]));
                }
            }
        }
    }
}

/// Adds what one input contributes.
#[inline(always)]
unsafe fn term<S: Simd, const B: usize, const P: usize>(
    simd: S,
    x: *const f32,
    w: *const f32,
    w_block: usize,
    sums: &mut [[S::V; P]; B],
) {
    let mut weights = [simd.splat(0.0); B];
    for b in 0..B {
        // SAFETY: the caller has checked the position.
        weights[b] = unsafe { simd.load(w.add(b * w_block)) };
    }
    for p in 0..P {
        // SAFETY: as above.
        let pixel = simd.splat(unsafe { *x.add(p * BLOCK) });
        for b in 0..B {
            sums[b][p] = simd.fma(pixel, weights[b], sums[b][p]);
        }
    }
}
