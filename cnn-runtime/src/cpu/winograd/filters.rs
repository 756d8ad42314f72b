//! Filters at the points: `[36][ceil(O/8)][I][8]`, from the packed `[ceil(O/8)][I][3][3][8]` of a
//! convolution, or for the gradient of its input with inputs and outputs exchanged and the kernel
//! turned by half.
#![allow(
    clippy::needless_range_loop,
    reason = "indices name the place in a matrix; loops of constant length unroll"
)]

use super::transform::{Filter, KERNEL, Transform, load_square, store_square};
use crate::{
    cpu::{
        frame::Frame,
        memory::Span,
        simd::{Kernel, Simd},
    },
    plan::{BLOCK, Winograd},
};

const AREA: usize = KERNEL * KERNEL;

/// Filters, and where they go.
#[derive(Clone, Copy)]
pub(super) struct Filters<'a> {
    /// Channels that the packed filters lead from and to.
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) packed: Span<'a>,
    pub(super) points: Span<'a>,
}

impl Filters<'_> {
    /// For the convolution itself.
    pub(super) fn forward(&self, frame: &Frame) {
        let work = self.points.len() as u64;
        frame.each(self.outputs.div_ceil(BLOCK), work, &|block| {
            frame.isa().run(Forward { filters: self, block });
        });
    }

    /// For the gradient of its input.
    pub(super) fn turned(&self, frame: &Frame) {
        let work = self.points.len() as u64;
        frame.each(self.inputs.div_ceil(BLOCK), work, &|block| {
            frame.isa().run(Turned { filters: self, block });
        });
    }
}

/// One block of outputs.
struct Forward<'a> {
    filters: &'a Filters<'a>,
    block: usize,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Filters { inputs, outputs, packed, points } = *self.filters;
        let distance = Winograd::filters_of_point(inputs, outputs);
        for vector in self.block * inputs..(self.block + 1) * inputs {
            let packed = packed.part(vector * AREA * BLOCK, AREA * BLOCK);
            let square = load_square(simd, packed, BLOCK);
            let values = Filter::square(simd, square);
            store_square(simd, values, points.from(vector * BLOCK), distance);
        }
    }
}

/// One block of inputs.
struct Turned<'a> {
    filters: &'a Filters<'a>,
    block: usize,
}

impl Kernel for Turned<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Filters { inputs, outputs, packed, points } = *self.filters;
        let distance = Winograd::filters_of_point(outputs, inputs);
        let first = self.block * BLOCK;
        let rows = BLOCK.min(inputs - first);
        for other in 0..outputs.div_ceil(BLOCK) {
            let packed = packed.part((other * inputs + first) * AREA * BLOCK, rows * AREA * BLOCK);
            let mut taps = [[simd.splat(0.0); BLOCK]; AREA];
            for (tap, square) in taps.iter_mut().enumerate() {
                for (row, value) in square[..rows].iter_mut().enumerate() {
                    *value = packed.load(simd, (row * AREA + tap) * BLOCK);
                }
                *square = simd.transpose(*square);
            }
            for lane in 0..BLOCK.min(outputs - other * BLOCK) {
                let mut square = [[simd.splat(0.0); KERNEL]; KERNEL];
                for row in 0..KERNEL {
                    for column in 0..KERNEL {
                        square[row][column] = taps[AREA - 1 - (row * KERNEL + column)][lane];
                    }
                }
                let vector = self.block * outputs + other * BLOCK + lane;
                let values = Filter::square(simd, square);
                store_square(simd, values, points.from(vector * BLOCK), distance);
            }
        }
    }
}
