//! More rows and columns by `kernels/upsample.cl`: the arguments of both kernels.

use cnn_core::Result;
use cnn_kernels::UpsamplingCode;

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::plan::{Upsample, UpsampleGrad, Upsampling};

/// More rows and columns: [`Upsample`].
pub(super) fn forward(frame: &Frame, step: &'static Upsample) -> Result<()> {
    let [x, y] = words::maps([&step.x, &step.y])?;
    let [down, across, mode] = factors(step.scale, step.mode);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let args = [Arg::Words(&x), Arg::Words(&y), down, across, mode];
    let launch = Launch::of(Source::Upsample, "upsample_map");
    frame.launch_chain(step, launch, end, &args, frame.blocks(&step.y))
}

/// Gradient of the input: [`UpsampleGrad`].
pub(super) fn grad(frame: &Frame, step: &'static UpsampleGrad) -> Result<()> {
    let [dy, dx] = words::maps([&step.dy, &step.dx])?;
    let [down, across, mode] = factors(step.scale, step.mode);
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    let args = [Arg::Words(&dy), Arg::Words(&dx), down, across, mode];
    let launch = Launch::of(Source::Upsample, "upsample_grad");
    frame.launch_chain(step, launch, end, &args, frame.blocks(&step.dx))
}

fn factors(scale: [usize; 2], mode: Upsampling) -> [Arg<'static>; 3] {
    [Arg::Int(scale[0]), Arg::Int(scale[1]), Arg::Code(UpsamplingCode::of(mode) as u32)]
}
