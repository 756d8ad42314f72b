//! Filters for the gradient of a convolution's input: `[ceil(O/8)][I/groups][KH][KW][8]` becomes
//! `[ceil(I/8)][O/groups][KH][KW][8]`.

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
    winograd,
};
use crate::plan::{BLOCK, Map, TransposeFilters, Window, padded};

/// Floats of the transposed filters of a convolution from `x` to `y`.
pub(super) fn len(x: &Map, y: &Map, window: &Window, groups: usize) -> usize {
    padded(x.channels) * (y.channels / groups) * window.taps()
}

/// Runs [`TransposeFilters`]: transposed filters, or what Winograd's algorithm takes instead.
pub(super) fn run(frame: &Frame, step: &'static TransposeFilters) {
    if step.winograd {
        return winograd::transpose_filters(frame, step);
    }
    let (inputs, outputs) = (step.dx.channels / step.groups, step.dy.channels / step.groups);
    let filters = frame.memory.params.from(step.filter);
    let scratch = frame.fixed(step.filters, len(&step.dx, &step.dy, &step.window, step.groups));
    let task = Task { step, area: step.window.taps(), inputs, outputs, filters, scratch };
    let whole = |channels: usize| step.groups == 1 || channels.is_multiple_of(BLOCK);
    frame.each(step.dx.channels.div_ceil(BLOCK), scratch.len() as u64, &|block| {
        if whole(inputs) && whole(outputs) {
            (0..outputs.div_ceil(BLOCK))
                .for_each(|other| frame.isa().run(Square { task: &task, block, other }));
        } else {
            task.by_element(block);
        }
    });
}

struct Task<'a> {
    step: &'a TransposeFilters,
    area: usize,
    /// Input and output channels of a group.
    inputs: usize,
    outputs: usize,
    filters: Span<'a>,
    scratch: Span<'a>,
}

/// The filters from a block of inputs to a block of outputs of their group.
struct Square<'a> {
    task: &'a Task<'a>,
    block: usize,
    other: usize,
}

impl Kernel for Square<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task { area, inputs, outputs, filters, scratch, .. } = *self.task;
        let (group, input) = (self.block * BLOCK / inputs, self.block * BLOCK % inputs);
        let from = (group * outputs.div_ceil(BLOCK) + self.other) * inputs + input;
        let to = self.block * outputs + self.other * BLOCK;
        let (rows, columns) = (BLOCK.min(inputs - input), BLOCK.min(outputs - self.other * BLOCK));
        for tap in 0..area {
            let mut square = [simd.splat(0.0); BLOCK];
            for (row, value) in square[..rows].iter_mut().enumerate() {
                *value = filters.load(simd, ((from + row) * area + tap) * BLOCK);
            }
            for (column, value) in simd.transpose(square)[..columns].iter().enumerate() {
                scratch.store(simd, ((to + column) * area + tap) * BLOCK, *value);
            }
        }
    }
}

impl Task<'_> {
    /// A block of inputs of groups that share blocks.
    fn by_element(&self, block: usize) {
        let Task { step, area, inputs, outputs, filters, scratch } = *self;
        for at in 0..outputs * area * BLOCK {
            let (output, tap, lane) = (at / (area * BLOCK), at / BLOCK % area, at % BLOCK);
            let input = block * BLOCK + lane;
            let output = input / inputs * outputs + output;
            let from = (output / BLOCK * inputs + input % inputs) * area + tap;
            let inside = input < step.dx.channels;
            let value = if inside { filters.get(from * BLOCK + output % BLOCK) } else { 0.0 };
            scratch.set(block * outputs * area * BLOCK + at, value);
        }
    }
}
