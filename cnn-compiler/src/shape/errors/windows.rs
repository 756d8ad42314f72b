//! Wording about windows that do not fit, with what would.

use super::{argument, pair, plural, sides};
use crate::shape::window::Request;

pub(in crate::shape) fn pad_over_half(pad: [[usize; 2]; 2], kernel: [usize; 2]) -> String {
    let most = kernel.map(|size| size / 2);
    format!(
        "padding {} is more than half the kernel {}; use at most {}",
        sides(pad),
        pair(kernel),
        argument(most)
    )
}

pub(in crate::shape) fn input_channels(given: usize, channels: usize, kernel: usize) -> String {
    format!(
        "conv takes channels, kernel, stride, …; the input's {} known, so leave {given} out: conv({channels}, {kernel})",
        if given == 1 { "1 channel is".into() } else { format!("{given} channels are") }
    )
}

/// Only called where padding is explicit: `same` always fits.
pub(in crate::shape) fn window_does_not_fit(
    request: &Request,
    input: [usize; 2],
) -> (String, Option<String>) {
    let pad = request.pad.unwrap_or_default();
    let span = [request.span(0), request.span(1)];
    let dilated = if span == request.kernel {
        String::new()
    } else {
        format!(" with dilation {} (spans {})", argument(request.dilation), pair(span))
    };
    let message = format!(
        "kernel {}{dilated} does not fit input {} (padding {})",
        pair(request.kernel),
        pair(input),
        sides(pad)
    );
    (message, fitting(request, pad, input))
}

/// The least padding and the largest kernel that would fit.
fn fitting(request: &Request, pad: [[usize; 2]; 2], input: [usize; 2]) -> Option<String> {
    let most = pad.map(|[before, after]| before.max(after));
    let more = [0, 1].map(|axis| request.span(axis).saturating_sub(input[axis]).div_ceil(2).max(most[axis]));
    let less = [0, 1].map(|axis| {
        let room = (input[axis] + pad[axis][0] + pad[axis][1] - 1) / request.dilation[axis] + 1;
        room.min(request.kernel[axis])
    });
    let pads = !request.pooling || (0..2).all(|axis| more[axis] <= request.kernel[axis] / 2);
    let both = |values: [usize; 2], given: [usize; 2]| {
        // One number was given for both axes where it can be.
        if given[0] == given[1] { [values[0].max(values[1]); 2] } else { values }
    };
    let smallest = |values: [usize; 2], given: [usize; 2]| {
        if given[0] == given[1] { [values[0].min(values[1]); 2] } else { values }
    };
    let kernel = format!("kernel = {}", argument(smallest(less, request.kernel)));
    Some(if pads { format!("pad = {} or {kernel}", argument(both(more, most))) } else { kernel })
}

/// What `summary` notes about the end of the input that no window reaches.
pub(in crate::shape) fn dropped(request: &Request, rows: usize, columns: usize) -> Option<String> {
    let what = match (rows, columns) {
        (0, 0) => return None,
        (_, 0) => plural(rows, "row"),
        (0, _) => plural(columns, "column"),
        _ => format!("{} and {}", plural(rows, "row"), plural(columns, "column")),
    };
    Some(format!("a {} window with stride {} drops {what}", pair(request.kernel), argument(request.stride)))
}
