//! Convolution in its three directions: the shape that a direction has, and the choice of its
//! kernels.
//!
//! Devices whose work-groups have fast memory of their own get [`conv_igemm`], the others and small
//! groups [`conv_direct`]. The forward pass and the filter gradient share a program. The input
//! gradient exchanges the maps and has programs of its own, with `TRANSPOSED`.

use cnn_core::Result;

use super::{
    conv_direct, conv_igemm,
    conv_shape::{Output, Shape},
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    segments::bias_grad,
};
use crate::plan::{Conv, ConvFilterGrad, ConvInputGrad, TransposeFilters};

/// Whether a direction is computed in tiles of local memory.
fn is_tiled(frame: &Frame, shape: &Shape) -> bool {
    frame.engine.has_tiles && conv_igemm::fits(shape)
}

fn run<S>(frame: &Frame, step: &'static S, shape: &Shape, output: Output) -> Result<()> {
    let run = if is_tiled(frame, shape) { conv_igemm::run } else { conv_direct::run };
    run(frame, step, shape, output)
}

/// Convolution: [`Conv`].
pub(super) fn forward(frame: &Frame, step: &'static Conv) -> Result<()> {
    let filters = [Arg::Buffer(&frame.engine.buffers.params), Arg::Offset(step.filter)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    run(frame, step, &Shape::of(step), Output { filters, bias: step.bias, end })
}

/// Runs [`TransposeFilters`]; this engine has no filters at points.
pub(super) fn transpose(frame: &Frame, step: &'static TransposeFilters) -> Result<()> {
    let TransposeFilters { dy: x, dx: y, window, groups, .. } = step;
    let shape = Shape { x, y, window, groups: *groups, transposed: true };
    let [arena, _] = frame.arena();
    let (params, words) = (Arg::Buffer(&frame.engine.buffers.params), shape.words()?);
    let args = [params, Arg::Offset(step.filter), arena, frame.fixed(step.filters), Arg::Words(&words)];
    let filters = step.dy.channels / step.groups * shape.taps();
    let (source, options): (_, fn(&Shape) -> String) = if is_tiled(frame, &shape) {
        (Source::ConvIgemm, conv_igemm::options)
    } else {
        (Source::ConvDirect, conv_direct::options)
    };
    let launch = Launch { name: "conv_transpose", source, options: &|| options(&shape) };
    frame.launch(step, launch, &args, [filters, shape.output_blocks(), 1])
}

/// Gradient of the input: [`ConvInputGrad`].
pub(super) fn input_grad(frame: &Frame, step: &'static ConvInputGrad) -> Result<()> {
    let [arena, _] = frame.arena();
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let filters = [arena, frame.fixed(step.filters)];
    run(frame, step, &Shape::of_input_grad(step), Output { filters, bias: None, end })
}

/// Gradient of the filters and the bias: [`ConvFilterGrad`].
pub(super) fn filter_grad(frame: &Frame, step: &'static ConvFilterGrad) -> Result<()> {
    let shape = Shape::of_filter_grad(step);
    let grad = if is_tiled(frame, &shape) { conv_igemm::filter_grad } else { conv_direct::filter_grad };
    grad(frame, step, &shape)?;
    bias_grad(frame, step, &step.dy, step.bias)
}
