//! Element-wise steps: a copy, then the epilogue.

use super::{copy, frame::Frame};
use crate::plan::{BLOCK, Elementwise, Layout};

/// Floats of one piece of work.
const PIECE: usize = 1 << 12;

/// Runs [`Elementwise`].
pub(super) fn run(frame: &Frame, step: &'static Elementwise) {
    debug_assert_eq!(step.y.layout, Layout::Blocked, "only the network's input is planar");
    let (len, pieces) = (step.y.len(), step.y.len().div_ceil(PIECE));
    frame.touch_each(pieces, len, &|sample, piece| {
        let start = piece * PIECE;
        let count = PIECE.min(len - start);
        if step.x.layout != step.y.layout {
            copy::blocks_from_planar(frame, sample, [&step.x, &step.y], start..start + count);
        } else if step.x != step.y {
            let x = frame.map(sample, &step.x).part(start, count);
            frame.map(sample, &step.y).part(start, count).copy_from(x);
        }
        frame.epilogue(step.epilogue, &step.y, sample).apply(start, BLOCK, count / BLOCK);
    });
}
