//! Convolution by `kernels/conv_direct.cl`: the constants of its programs, and its work-items.

use cnn_core::Result;
use cnn_kernels::Constant;

use super::{
    conv_shape::{Output, Shape},
    frame::{Frame, Launch},
    kernels::{Arg, Source},
};
use crate::plan::{BLOCK, ConvFilterGrad};

/// Output pixels of a work-item: with two blocks, 10 sums, beside which 2 weights and the pixels'
/// values fit in the 16 registers of AVX2.
const PIXELS: usize = 5;

/// Output blocks of a work-item: two, where both lie in one group.
fn item_blocks(shape: &Shape) -> usize {
    let in_group = if shape.groups == 1 { shape.output_blocks() } else { shape.group()[1] / BLOCK };
    if !shape.mixed() && in_group.is_multiple_of(2) { 2 } else { 1 }
}

/// Input channels of a work-item of the filter gradient. Those of a block are neighbours in
/// storage, and channels past the last one cost nothing.
fn tile(shape: &Shape) -> usize {
    let whole = !shape.is_planar() && !shape.mixed();
    if whole || shape.transposed { BLOCK } else { shape.group()[0].next_power_of_two().min(BLOCK) }
}

/// The constants of the program.
pub(super) fn options(shape: &Shape) -> String {
    shape.options(&[
        (Constant::Mixed, shape.mixed() as usize),
        (Constant::Blocks, item_blocks(shape)),
        (Constant::Pixels, PIXELS),
        (Constant::Tile, tile(shape)),
    ])
}

fn kernel<'a>(name: &'static str, options: &'a dyn Fn() -> String) -> Launch<'a> {
    Launch { name, source: Source::ConvDirect, options }
}

/// `y` from `x`.
pub(super) fn run<S>(frame: &Frame, step: &'static S, shape: &Shape, output: Output) -> Result<()> {
    let Output { filters: [filters, offset], bias, end } = output;
    let args = [Arg::Words(&shape.words()?), filters, offset, Arg::OptionalInt(bias)];
    let blocks = shape.output_blocks() / item_blocks(shape);
    let items = [shape.area().div_ceil(PIXELS), blocks, frame.pass.batch];
    frame.launch_chain(step, kernel("conv", &|| options(shape)), end, &args, items)
}

/// The filters' gradient, without that of the bias.
pub(super) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad, shape: &Shape) -> Result<()> {
    let [arena, slab] = frame.arena();
    // A CPU keeps the maps in its cache for all taps, a GPU needs the work-items.
    let item_taps = if frame.engine.is_gpu { 1 } else { shape.taps() };
    let args = [
        arena,
        slab,
        Arg::Words(&shape.words()?),
        Arg::Buffer(&frame.engine.buffers.grads),
        Arg::Offset(step.filter),
        frame.batch(),
        Arg::Int(item_taps),
    ];
    let tiles = shape.group()[0].div_ceil(BLOCK);
    let items = [shape.taps().div_ceil(item_taps) * tiles * shape.output_blocks(), 1, 1];
    frame.launch(step, kernel("conv_filter_grad", &|| options(shape)), &args, items)
}
