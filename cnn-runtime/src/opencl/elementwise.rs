//! Element-wise chains, copies and moves by `kernels/elementwise.cl`: the arguments of each kernel.

use cnn_core::Result;

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::plan::{CopyElements, Elementwise, Shift};

/// A chain of operations: [`Elementwise`].
pub(super) fn elementwise(frame: &Frame, step: &'static Elementwise) -> Result<()> {
    let args = [Arg::Words(&words::map(&step.x)?), Arg::Words(&words::map(&step.y)?)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let launch = Launch::of(Source::Layers, "elementwise");
    frame.launch_chain(step, launch, end, &args, frame.blocks(&step.y))
}

/// A move within a larger or smaller frame: [`Shift`].
pub(super) fn shift(frame: &Frame, step: &'static Shift) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)?),
        Arg::Words(&words::map(&step.y)?),
        Arg::Signed(step.top),
        Arg::Signed(step.left),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, Launch::of(Source::Layers, "shift"), end, &args, frame.blocks(&step.y))
}

/// A copy between maps of different order: [`CopyElements`].
pub(super) fn copy(frame: &Frame, step: &'static CopyElements) -> Result<()> {
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Words(&words::map(&step.x)?),
        Arg::Int(step.x_start),
        Arg::Words(&words::map(&step.y)?),
        Arg::Int(step.y_start),
        Arg::Int(step.count),
    ];
    let items = [step.count, frame.pass.batch, 1];
    frame.launch(step, Launch::of(Source::Layers, "copy"), &args, items)
}
