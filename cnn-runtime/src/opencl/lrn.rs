//! Local response normalisation by `kernels/lrn.cl`.

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::{
    error::Result,
    plan::{Lrn, LrnGrad},
};

/// See [`Lrn`].
pub(super) fn forward(frame: &Frame, step: &'static Lrn) -> Result<()> {
    let args = [Arg::Words(&words::map(&step.x)), Arg::Words(&words::response(&step.response))];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, Launch::of(Source::Lrn, "lrn"), end, &args, frame.blocks(&step.y))
}

/// See [`LrnGrad`].
pub(super) fn grad(frame: &Frame, step: &'static LrnGrad) -> Result<()> {
    let args = [
        Arg::Words(&words::map(&step.x)),
        Arg::Words(&words::map(&step.dy)),
        Arg::Words(&words::response(&step.response)),
    ];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    frame.launch_chain(step, Launch::of(Source::Lrn, "lrn_grad"), end, &args, frame.blocks(&step.dx))
}
