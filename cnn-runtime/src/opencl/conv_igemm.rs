//! Convolution by `kernels/conv_igemm.cl`: its tiles, and the segments of the filter gradient.

use cnn_core::Result;
use cnn_kernels::{ITEMS, SIDE};

use super::{
    conv_shape::{Output, Shape},
    frame::{Frame, Launch},
    kernels::{Arg, Source},
};
use crate::plan::{BLOCK, ConvFilterGrad};

/// Groups that keep a large GPU busy.
const GROUPS: usize = 1024;
/// Output pixels that are worth a segment of their own.
const SEGMENT: usize = 256;

/// Whether the kernel computes such a convolution.
pub(super) fn fits(shape: &Shape) -> bool {
    !shape.mixed() && (shape.groups == 1 || !shape.is_planar())
}

/// The constants of the program.
pub(super) fn options(shape: &Shape) -> String {
    shape.options(&[])
}

fn kernel<'a>(name: &'static str, options: &'a dyn Fn() -> String) -> Launch<'a> {
    Launch { name, source: Source::ConvIgemm, options }
}

/// Tiles along the outputs.
fn row_tiles(shape: &Shape) -> usize {
    shape.groups * shape.group()[1].div_ceil(BLOCK).div_ceil(SIDE)
}

/// Tiles along the terms of an output.
fn term_tiles(shape: &Shape) -> usize {
    let ([inputs, _], taps) = (shape.group(), shape.taps());
    let blocks =
        if shape.is_planar() { (inputs * taps).div_ceil(BLOCK) } else { inputs.div_ceil(BLOCK) * taps };
    blocks.div_ceil(SIDE)
}

/// `y` from `x`.
pub(super) fn run<S>(frame: &Frame, step: &'static S, shape: &Shape, output: Output) -> Result<()> {
    let Output { filters: [filters, offset], bias, end } = output;
    let args = [Arg::Words(&shape.words()?), filters, offset, Arg::OptionalInt(bias), frame.batch()];
    let items = [(frame.pass.batch * shape.area()).next_multiple_of(ITEMS), row_tiles(shape), 1];
    frame.launch_chain(step, kernel("conv_igemm", &|| options(shape)), end, &args, items)
}

/// The filters' gradient, without that of the bias: one for each segment of the batch, then their
/// sum. The segments are the same on every device.
pub(super) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad, shape: &Shape) -> Result<()> {
    let options = || options(shape);
    let positions = frame.pass.batch * shape.area();
    let (rows, terms) = (row_tiles(shape), term_tiles(shape));
    let segments = GROUPS.div_ceil(rows * terms).min(positions.div_ceil(SEGMENT));
    let filters = shape.output_blocks() * shape.group()[0] * shape.taps();
    let partial = frame.engine.partial.at_least(segments * filters * BLOCK)?;
    let ([arena, slab], words, partial) = (frame.arena(), shape.words()?, Arg::Buffer(&partial));
    let args = [arena, slab, Arg::Words(&words), partial, Arg::Int(positions)];
    frame.launch(step, kernel("conv_igemm_grad", &options), &args, [terms * ITEMS, rows, segments])?;
    let args = [
        partial,
        Arg::Int(segments),
        Arg::Int(filters),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.filter),
    ];
    frame.launch(step, kernel("conv_igemm_sum", &options), &args, [filters, 1, 1])
}
