//! Windows: convolution and pooling.

use cnn_core::Result;
use cnn_plan::{Window, even_window};

use super::Site;
use crate::builder::{Builder, Call};

/// How a window lies on the rows and columns of a value.
struct Frame {
    /// Rows above and columns on the left.
    before: [usize; 2],
    /// Rows below and columns on the right that windows reach.
    after: [usize; 2],
    /// True if windows reach beyond the padding, into what an average does not count.
    reaches_beyond: bool,
}

impl Frame {
    /// The padding with which rounding down gives as many windows as there are.
    fn of(site: &Site, window: &Window) -> Frame {
        let reaches = [0, 1].map(|axis| {
            let span = window.dilation[axis] * (window.kernel[axis] - 1) + 1;
            let reach = (site.node.shape[axis + 1] - 1) * window.stride[axis] + span;
            reach.saturating_sub(window.pad[axis] + site.shape()[axis + 1])
        });
        let after = [0, 1].map(|axis| window.pad_end[axis].max(reaches[axis]));
        Frame { before: window.pad, after, reaches_beyond: after != window.pad_end }
    }

    fn is_padded(&self, window: &Window) -> bool {
        [self.before, window.pad_end] != [[0; 2]; 2]
    }

    /// The attribute `pads`: where all dimensions begin, then where they end.
    fn pads(&self) -> [usize; 4] {
        let [[top, left], [bottom, right]] = [self.before, self.after];
        [top, left, bottom, right]
    }
}

/// True of a window that is as large as the whole value, the only one there is.
fn is_global(site: &Site, window: &Window) -> bool {
    let is_alone = site.node.shape[1..] == [1, 1];
    is_alone && site.shape()[1..] == window.kernel && [window.pad, window.pad_end] == [[0; 2]; 2]
}

pub(super) fn conv(site: &Site, inputs: Vec<String>, window: &Window, groups: usize) -> Call {
    Call::new("Conv", inputs)
        .ints("dilations", &window.dilation)
        .int("group", groups)
        .ints("kernel_shape", &window.kernel)
        .ints("pads", &Frame::of(site, window).pads())
        .ints("strides", &window.stride)
}

pub(super) fn max_pool(site: &Site, window: &Window) -> Call {
    if is_global(site, window) {
        return Call::new("GlobalMaxPool", [site.x()]);
    }
    Call::new("MaxPool", [site.x()])
        .ints("dilations", &window.dilation)
        .ints("kernel_shape", &window.kernel)
        .ints("pads", &Frame::of(site, window).pads())
        .ints("strides", &window.stride)
}

/// The mean, whose windows are divided by their elements within the padded value, or within the
/// value.
///
/// Operators disagree on what a window counts that reaches beyond the padding, so none is asked:
/// with the frame made before, what is beyond is all that is not counted.
pub(super) fn avg_pool(
    builder: &mut Builder,
    site: &Site,
    window: &Window,
    count_include_pad: bool,
) -> Result<Call> {
    if window.dilation != [1, 1] {
        return Err(site.refused("an average over taps that lie apart is no operator of ONNX's set 17"));
    }
    if is_global(site, window) {
        return Ok(Call::new("GlobalAveragePool", [site.x()]));
    }
    let mut frame = Frame::of(site, window);
    let mut x = site.x().to_owned();
    let counts = count_include_pad && frame.is_padded(window);
    let makes_frame = counts && frame.reaches_beyond;
    if makes_frame {
        let [[top, left], [bottom, right]] =
            [window.pad, window.pad_end].map(|pad| pad.map(|pad| pad as i64));
        let pads = builder.ints(site.layer(), "pads", vec![0, 0, top, left, 0, 0, bottom, right]);
        x = builder.step(site.layer(), Call::new("Pad", [x, pads]));
        frame.before = [0; 2];
        frame.after = [0, 1].map(|axis| frame.after[axis] - window.pad_end[axis]);
    }
    Ok(Call::new("AveragePool", [x])
        .int("count_include_pad", (counts && !makes_frame).into())
        .ints("kernel_shape", &window.kernel)
        .ints("pads", &frame.pads())
        .ints("strides", &window.stride))
}

/// Means over windows of unequal sizes, which no operator has: the product with a matrix of the
/// columns' shares, and one with a matrix of the rows'.
pub(super) fn adaptive_avg_pool(builder: &mut Builder, site: &Site) -> Call {
    let (layer, [rows, columns]) = (site.layer(), [0, 1].map(|axis| shares(site, axis)));
    let [[_, height, width], [_, down, across]] = [site.shape(), site.node.shape]
        .map(|shape| <[usize; 3]>::try_from(shape).expect("a window slides over a map"));
    let mut transposed = vec![0.0; columns.len()];
    for (at, &share) in columns.iter().enumerate() {
        transposed[at % width * across + at / width] = share;
    }
    let columns = builder.floats(layer, "columns", &[width, across], transposed);
    let narrow = builder.step(layer, Call::new("MatMul", [site.x().to_owned(), columns]));
    let rows = builder.floats(layer, "rows", &[down, height], rows);
    Call::new("MatMul", [rows, narrow])
}

/// What each input row, or column, adds to each output row.
fn shares(site: &Site, axis: usize) -> Vec<f32> {
    let (inputs, outputs) = (site.shape()[axis + 1], site.node.shape[axis + 1]);
    let mut shares = vec![0.0; outputs * inputs];
    for (output, shares) in shares.chunks_mut(inputs).enumerate() {
        let window = even_window(output, outputs, inputs);
        let share = 1.0 / window.len() as f32;
        shares[window].fill(share);
    }
    shares
}
