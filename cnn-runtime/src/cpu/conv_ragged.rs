//! Convolutions whose groups share output blocks, one element at a time: rare, so plain loops.

use std::ops::Range;

use super::{axis::Axis, correlation::Correlation, epilogue::Epilogue, frame::Frame, memory::Span};
use crate::plan::{BLOCK, ConvFilterGrad};

/// Rows and columns.
type Axes<'a> = (&'a Axis, &'a Axis);

/// Some rows of outputs of a sample.
pub(super) fn correlate(
    correlation: &Correlation,
    lines: Range<usize>,
    (rows, columns): Axes,
    x: Span,
    epilogue: &Epilogue,
) {
    let y = &correlation.y;
    for row in lines {
        for column in 0..columns.out_count {
            let at = |channel| y.index(channel, rows.output(row), columns.output(column));
            for output in 0..y.channels {
                epilogue.y.set(at(output), element(correlation, output, (rows, columns), [row, column], x));
            }
            (0..y.channels).step_by(BLOCK).for_each(|channel| epilogue.apply(at(channel), BLOCK, 1));
        }
    }
}

fn element(
    correlation: &Correlation,
    output: usize,
    (rows, columns): Axes,
    [row, column]: [usize; 2],
    x: Span,
) -> f32 {
    let (inputs, [height, width]) = (correlation.inputs, correlation.kernel);
    let mut sum = correlation.bias.map_or(0.0, |bias| bias.get(output));
    for input in 0..inputs {
        let channel = output / correlation.outputs * inputs + input;
        for row_tap in rows.valid_taps(row) {
            for column_tap in columns.valid_taps(column) {
                let place = [rows.input(row, row_tap), columns.input(column, column_tap)];
                let tap = rows.filter(row_tap) * width + columns.filter(column_tap);
                let filter = packed(output, inputs * height * width, input * height * width + tap);
                let pixel = correlation.x.index(channel, place[0] as usize, place[1] as usize);
                sum += x.get(pixel) * correlation.filters.get(filter);
            }
        }
    }
    sum
}

/// Position of a filter element: `[ceil(O/8)][inner][8]`.
fn packed(output: usize, inner_len: usize, inner: usize) -> usize {
    (output / BLOCK * inner_len + inner) * BLOCK + output % BLOCK
}

/// The filter gradient of an output block, zero past the last output.
pub(super) fn filter_grad(frame: &Frame, step: &ConvFilterGrad, axes: Axes, filters: Span, block: usize) {
    let ([height, width], inputs) = (step.window.kernel, step.x.channels / step.groups);
    let inner_len = inputs * height * width;
    for inner in 0..inner_len {
        let tap = [inner / width % height, inner % width];
        for output in block * BLOCK..(block + 1) * BLOCK {
            let inside = output < step.dy.channels;
            let input = inner / (height * width);
            let sum = if inside { filter_element(frame, step, axes, [output, input], tap) } else { 0.0 };
            filters.set(packed(output, inner_len, inner), sum);
        }
    }
}

fn filter_element(
    frame: &Frame,
    step: &ConvFilterGrad,
    (rows, columns): Axes,
    [output, input]: [usize; 2],
    tap: [usize; 2],
) -> f32 {
    let (inputs, outputs) = (step.x.channels / step.groups, step.dy.channels / step.groups);
    let channel = output / outputs * inputs + input;
    let mut sum = 0.0;
    for sample in frame.samples.clone() {
        let (x, dy) = (frame.map(sample, &step.x), frame.map(sample, &step.dy));
        for row in rows.valid_outputs(tap[0]) {
            for column in columns.valid_outputs(tap[1]) {
                let place = [rows.input(row, tap[0]), columns.input(column, tap[1])];
                let pixel = step.x.index(channel, place[0] as usize, place[1] as usize);
                sum += x.get(pixel) * dy.get(step.dy.index(output, row, column));
            }
        }
    }
    sum
}
