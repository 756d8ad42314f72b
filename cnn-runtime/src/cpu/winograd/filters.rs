//! Filters at the points: `[36][ceil(O/8)][I][8]`, from the packed `[ceil(O/8)][I][3][3][8]` of a
//! convolution, or for the gradient of its input with inputs and outputs exchanged and the kernel
//! turned by half.

use super::transform::{Filter, KERNEL, Transform};
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
            let mut square = [[simd.splat(0.0); KERNEL]; KERNEL];
            for (tap, value) in square.as_flattened_mut().iter_mut().enumerate() {
                *value = packed.load(simd, tap * BLOCK);
            }
            store(simd, square, points.from(vector * BLOCK), distance);
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
                for (value, tap) in square.as_flattened_mut().iter_mut().zip(taps.iter().rev()) {
                    *value = tap[lane];
                }
                let vector = self.block * outputs + other * BLOCK + lane;
                store(simd, square, points.from(vector * BLOCK), distance);
            }
        }
    }
}

#[inline(always)]
fn store<S: Simd>(simd: S, square: [[S::V; KERNEL]; KERNEL], points: Span, distance: usize) {
    let values = Filter::square(simd, square);
    for (point, value) in values.as_flattened().iter().enumerate() {
        points.store(simd, point * distance, *value);
    }
}
