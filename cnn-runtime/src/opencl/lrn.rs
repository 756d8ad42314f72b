//! Local response normalisation by `kernels/lrn.cl`.

use cnn_core::Result;

use super::{
    frame::{End, Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::plan::{Lrn, LrnGrad, Map, padded};

/// Response normalisation: [`Lrn`].
pub(super) fn forward(frame: &Frame, step: &'static Lrn) -> Result<()> {
    let args = [Arg::Words(&words::map(&step.x)?), Arg::Words(&words::response(&step.response)?)];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.y };
    frame.launch_chain(step, Launch::of(Source::Lrn, "lrn"), end, &args, frame.blocks(&step.y))
}

/// Gradient of the input: [`LrnGrad`]. A first kernel makes the terms of each channel, of which the
/// second adds up a window.
pub(super) fn grad(frame: &Frame, step: &'static LrnGrad) -> Result<()> {
    let [x, dy] = words::maps([&step.x, &step.dy])?;
    let response = words::response(&step.response)?;
    let terms = frame.engine.partial.at_least(frame.pass.batch * 2 * padded_len(&step.x))?;
    let [arena, slab] = frame.arena();
    let (x, response, terms) = (Arg::Words(&x), Arg::Words(&response), Arg::Buffer(&terms));
    let args = [arena, slab, x, Arg::Words(&dy), response, terms];
    frame.launch(step, Launch::of(Source::Lrn, "lrn_terms"), &args, frame.blocks(&step.x))?;
    let args = [x, response, terms];
    let end = End { layer: step.name, ops: step.epilogue, y: &step.dx };
    frame.launch_chain(step, Launch::of(Source::Lrn, "lrn_grad"), end, &args, frame.blocks(&step.dx))
}

/// Floats of a map's elements in blocks.
fn padded_len(map: &Map) -> usize {
    padded(map.channels) * map.height * map.width
}
