//! Where a window fits: the shape formula that convolution and pooling share.
//!
//! Along each axis, with `span = dilation (kernel - 1) + 1` and `padded = before + input + after`:
//! `output = floor((padded - span) / stride) + 1`, or with the ceiling, where the last window must
//! start inside the input or the padding before it (torch's rule). What it reaches beyond the
//! padding after the input is nothing: an average does not count it.

use super::{Shaper, Site, errors};
use crate::ir::Window;

/// What the arguments of a layer say about its window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Rows above and below, columns on the left and on the right; none for `same`.
    pub pad: Option<[[usize; 2]; 2]>,
    pub dilation: [usize; 2],
    pub ceil: bool,
    /// Padding may be at most half the kernel.
    pub pooling: bool,
}

/// A window that fits, with the rows and columns it yields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub window: Window,
    pub output: [usize; 2],
}

/// One axis of a window over an input.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    span: usize,
    stride: usize,
    before: usize,
    after: usize,
    output: usize,
}

impl Shaper {
    /// Help where the arguments are probably torch's `conv(1, 32, 3)`, which begin with the input's
    /// channels.
    fn input_channels(&self, site: &Site, request: &Request) -> Option<String> {
        let [channels, kernel] = [request.kernel[0], request.stride[0]];
        let given = site.args.values.place("channels").map(|_| site.args.values.count("channels"))?;
        let is_input = self.graph[site.inputs[0].0].shape[0] == given && kernel > 1;
        is_input.then(|| errors::input_channels(given, channels, kernel))
    }

    /// Places a window on the rows and columns of an input, and notes what it drops.
    pub(super) fn place(&mut self, site: &Site, request: Request, input: [usize; 2]) -> Option<Placed> {
        if let Some(pad) = request.pad.filter(|_| request.pooling)
            && (0..2).any(|axis| pad[axis].iter().any(|&pad| pad > request.kernel[axis] / 2))
        {
            self.error(site.id, site.args.span("pad"), errors::pad_over_half(pad, request.kernel));
            return None;
        }
        let axes = [0, 1].map(|axis| request.axis(axis, input[axis]));
        let [Some(rows), Some(columns)] = axes else {
            let (message, help) = errors::window_does_not_fit(&request, input);
            let help = self.input_channels(site, &request).or(help);
            self.shape_error(site, site.args.span("kernel"), message, help);
            return None;
        };
        if let Some(note) = errors::dropped(&request, rows.dropped(), columns.dropped()) {
            self.note(site.id, note);
        }
        let window = Window {
            kernel: request.kernel,
            stride: request.stride,
            pad: [rows.before, columns.before],
            pad_end: [rows.after, columns.after],
            dilation: request.dilation,
        };
        Some(Placed { window, output: [rows.output, columns.output] })
    }
}

impl Request {
    /// Input rows or columns from the first to the last tap; at most `2^30`.
    pub(super) fn span(&self, axis: usize) -> usize {
        self.dilation[axis] * (self.kernel[axis] - 1) + 1
    }

    fn axis(&self, axis: usize, input: usize) -> Option<Axis> {
        let (span, stride) = (self.span(axis), self.stride[axis]);
        let Some(pad) = self.pad else { return Some(Axis::same(input, span, stride)) };
        Axis::padded(input, span, stride, pad[axis], self.ceil)
    }
}

impl Axis {
    /// `ceil(input / stride)` outputs; of an odd padding the larger part comes after, as in Keras.
    fn same(input: usize, span: usize, stride: usize) -> Axis {
        let output = input.div_ceil(stride);
        let total = ((output - 1) * stride + span).saturating_sub(input);
        Axis { input, span, stride, before: total / 2, after: total - total / 2, output }
    }

    fn padded(
        input: usize,
        span: usize,
        stride: usize,
        [before, after]: [usize; 2],
        ceil: bool,
    ) -> Option<Axis> {
        let free = (input + before + after).checked_sub(span)?;
        let mut output = free / stride + 1;
        if ceil && free % stride != 0 && output * stride < input + before {
            output += 1;
        }
        Some(Axis { input, span, stride, before, after, output })
    }

    /// Rows or columns of the input after the last window.
    fn dropped(&self) -> usize {
        let reach = (self.output - 1) * self.stride + self.span;
        (self.before + self.input).saturating_sub(reach)
    }
}
