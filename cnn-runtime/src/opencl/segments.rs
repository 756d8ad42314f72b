//! Sums over a batch by `kernels/segments.cl`: how its positions are divided, and the bias gradient
//! of convolutions and dense layers.

use cnn_core::Result;

use super::{
    frame::{Frame, Launch},
    kernels::{Arg, Source},
    words,
};
use crate::plan::{BLOCK, Map};

/// Positions that are worth a segment of their own.
const SEGMENT: usize = 256;
/// The most segments of a batch.
const MAX_SEGMENTS: usize = 256;

/// How the positions of a batch are divided; the same on every device.
pub(super) struct Division {
    pub(super) positions: usize,
    pub(super) segments: usize,
    blocks: usize,
}

impl Division {
    /// The division of the positions of a map.
    pub(super) fn of(frame: &Frame, x: &Map) -> Division {
        let positions = frame.pass.batch * x.height * x.width;
        let segments = positions.div_ceil(SEGMENT).min(MAX_SEGMENTS);
        Division { positions, segments, blocks: x.channels.div_ceil(BLOCK) }
    }

    /// Work-items of the first kernel and of the second.
    pub(super) fn items(&self) -> [[usize; 3]; 2] {
        [[self.segments, self.blocks, 1], [1, self.blocks, 1]]
    }

    /// Floats of `vectors` vectors over channels for each segment.
    pub(super) fn partial_len(&self, vectors: usize) -> usize {
        vectors * self.segments * self.blocks * BLOCK
    }
}

/// Sums a bias gradient.
pub(super) fn bias_grad<S>(frame: &Frame, step: &'static S, dy: &Map, bias: Option<usize>) -> Result<()> {
    let Some(bias) = bias else { return Ok(()) };
    let division = Division::of(frame, dy);
    let partial = frame.engine.partial.at_least(division.partial_len(1))?;
    let [first, second] = division.items();
    let ([arena, slab], dy_words) = (frame.arena(), words::map(dy)?);
    let (segments, partial) = (Arg::Int(division.segments), Arg::Buffer(&partial));
    let positions = Arg::Int(division.positions);
    let args = [arena, slab, Arg::Words(&dy_words), positions, segments, partial];
    frame.launch(step, Launch::of(Source::Layers, "segment_sums"), &args, first)?;
    let grads = Arg::Buffer(&frame.engine.buffers.grads);
    let args = [Arg::Int(dy.channels), segments, partial, grads, Arg::Int(bias)];
    frame.launch(step, Launch::of(Source::Layers, "bias_grad"), &args, second)
}
