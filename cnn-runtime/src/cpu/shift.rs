//! Zero padding and cropping.

use std::ops::Range;

use super::{frame::Frame, memory::Span};
use crate::plan::{BLOCK, Shift};

/// Runs [`Shift`].
pub(super) fn run(frame: &Frame, step: &'static Shift) {
    let rows = covered(step.x.height, step.y.height, step.top);
    let columns = covered(step.x.width, step.y.width, step.left);
    frame.touch_each(step.y.channels.div_ceil(BLOCK), step.y.len(), &|sample, block| {
        let (x, y) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.y, block));
        for row in 0..step.y.height {
            let line = y.part(row * step.y.width * BLOCK, step.y.width * BLOCK);
            if rows.contains(&row) && !columns.is_empty() {
                let from = (row as isize - step.top) as usize * step.x.width;
                let from = x.from((from as isize + columns.start as isize - step.left) as usize * BLOCK);
                shift_row(line, columns.clone(), from);
            } else {
                line.fill(0.0);
            }
        }
        frame.epilogue(step.epilogue, &step.y, sample).apply(block * y.len(), BLOCK, y.len() / BLOCK);
    });
}

/// Copies some columns of a row; the others become zero.
fn shift_row(line: Span, columns: Range<usize>, from: Span) {
    line.part(0, columns.start * BLOCK).fill(0.0);
    line.part(columns.start * BLOCK, columns.len() * BLOCK).copy_from(from);
    line.from(columns.end * BLOCK).fill(0.0);
}

/// The positions of `0..y_size` that `x_size` ones from `offset` on cover.
fn covered(x_size: usize, y_size: usize, offset: isize) -> Range<usize> {
    let clamp = |at: isize| at.clamp(0, y_size as isize) as usize;
    clamp(offset)..clamp(offset + x_size as isize)
}
