//! Element-wise chains, copies and moves by `kernels/elementwise.cl`: each step's arguments in the kernel's order.

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::{
    error::Result,
    plan::{CopyElements, Elementwise, Shift},
};

/// See [`Elementwise`].
pub(super) fn elementwise(frame: &Frame, step: &'static Elementwise) -> Result<()> {
    let args = [Arg::Words(&words::map(&step.x)), Arg::Words(&words::map(&step.y))];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    let launch = Launch::of(Source::Layers, "elementwise");
    frame.launch_chain(step, launch, end, &args, frame.blocks(&step.y))
}

/// Runs [`Shift`].
pub(super) fn shift(frame: &Frame, step: &'static Shift) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Words(&words::map(&step.y)),
        Arg::Uint(step.top as u32),
        Arg::Uint(step.left as u32),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, Launch::of(Source::Layers, "shift"), end, &args, frame.blocks(&step.y))
}

/// Runs [`CopyElements`].
pub(super) fn copy(frame: &Frame, step: &'static CopyElements) -> Result<()> {
    let [arena, slab] = frame.arena();
    let args = [
        arena,
        slab,
        Arg::Words(&words::map(&step.x)),
        Arg::Uint(step.x_start as u32),
        Arg::Words(&words::map(&step.y)),
        Arg::Uint(step.y_start as u32),
        Arg::Uint(step.count as u32),
    ];
    let items = [step.count, frame.pass.batch, 1];
    frame.launch(step, Launch::of(Source::Layers, "copy"), &args, items)
}
