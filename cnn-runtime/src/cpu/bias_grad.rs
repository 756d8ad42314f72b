//! Gradient of a bias, of a convolution or a dense layer alike: `db[o] = sum over samples, pixels of dy[o][pixel]`.

use super::{
    frame::Frame,
    totals::{Values, over_batch},
};
use crate::plan::{BLOCK, Map};

/// Writes the gradient of one block of outputs, zero past the last.
pub(super) fn run(frame: &Frame, dy: &Map, bias: Option<usize>, block: usize) {
    let Some(bias) = bias else { return };
    let len = dy.height * dy.width * BLOCK;
    let [sums] = over_batch(frame, false, len, &|sample| Values(frame.plane(sample, dy, block)));
    frame.write_channels(frame.memory.grads.from(bias), dy, block, sums);
}
