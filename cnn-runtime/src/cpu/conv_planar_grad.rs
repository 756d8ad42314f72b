//! Filter gradients of a planar input, such as the image: the taps of a kernel's row lie side by
//! side there.
//!
//! Some rows of a channel wait in the thread's scratch, with zeros beside them where the input is
//! padded, so that all outputs see all taps of a row. Small gradients divide the batch among
//! threads, large ones the kernel's rows.

use std::ops::Range;

use super::{
    axis::Axis,
    batch_sum, bias_grad,
    frame::Frame,
    memory::Span,
    simd::taps::{Taps, taps_of},
    split,
};
use crate::plan::{BLOCK, ConvFilterGrad, Layout};

/// Floats of the input that wait.
const WAITING: usize = 8192;
/// Pixels of the output's gradient that stay in the nearest cache while all rows of the kernel see
/// them.
const PIXELS: usize = 512;

struct Task {
    step: &'static ConvFilterGrad,
    rows: Axis,
    /// Zeros before a row of the input.
    margin: usize,
    /// Floats of a row with its margins.
    width: usize,
}

/// Computes the gradients, unless the step is too unusual for this way.
pub(super) fn run(frame: &Frame, step: &'static ConvFilterGrad) -> bool {
    let columns = Axis::forward(&step.window, 1, step.x.width, step.dy.width);
    let [margin, after] = columns.margins();
    let width = margin + step.x.width + after;
    let rows = Axis::forward(&step.window, 0, step.x.height, step.dy.height);
    let task = Task { step, rows, margin, width };
    let is_usual = step.groups == 1 && step.window.dilation[1] == 1 && task.seen(1) * width <= WAITING;
    if step.x.layout != Layout::Planar || !is_usual {
        return false;
    }
    let blocks = step.dy.channels.div_ceil(BLOCK);
    let gradient = frame.memory.grads.part(step.filter, blocks * task.elements() * BLOCK);
    let work = (step.dy.len() * task.elements()) as u64;
    let units = step.x.channels * step.window.kernel[0];
    if gradient.len() <= batch_sum::SMALL {
        batch_sum::run(frame, work, gradient, &|frame, gradient| task.add(frame, 0..units, gradient));
    } else {
        gradient.fill(0.0);
        let pieces = units.min(4 * frame.cpu.threads);
        frame.each(pieces, work * frame.samples.len() as u64, &|piece| {
            task.add(frame, split::part(units, pieces, piece), gradient);
        });
    }
    let last = blocks - 1;
    gradient.from(last * task.elements() * BLOCK).clear_padding(step.dy.channels, last);
    frame.each(blocks, (step.dy.len() * frame.samples.len()) as u64, &|block| {
        bias_grad::run(frame, &step.dy, step.bias, block);
    });
    true
}

impl Task {
    /// Filter elements of an output.
    fn elements(&self) -> usize {
        let [height, width] = self.step.window.kernel;
        self.step.x.channels * height * width
    }

    /// Rows of the input that neighbouring rows of the output see.
    fn seen(&self, lines: usize) -> usize {
        let [stride, dilation, kernel] =
            [self.step.window.stride, self.step.window.dilation, self.step.window.kernel].map(|pair| pair[0]);
        (lines - 1) * stride + (kernel - 1) * dilation + 1
    }

    /// Adds the part of the frame's samples to some units of a gradient: a unit is a row of the
    /// kernel of one channel.
    fn add(&self, frame: &Frame, units: Range<usize>, gradient: Span) {
        let waiting = frame.cpu.scratch(WAITING);
        waiting.fill(0.0);
        let (dy, kernel) = (&self.step.dy, self.step.window.kernel[0]);
        let fits = |lines: &usize| self.seen(*lines) * self.width <= WAITING;
        let lines = (1..=(PIXELS / dy.width).clamp(1, dy.height)).rev().find(fits).unwrap_or(1);
        for sample in frame.samples.clone() {
            for start in (0..dy.height).step_by(lines) {
                let lines = start..dy.height.min(start + lines);
                for channel in units.start / kernel..units.end.div_ceil(kernel) {
                    let first = self.fetch(frame.map(sample, &self.step.x), &lines, channel, waiting);
                    let of_channel = channel * kernel..(channel + 1) * kernel;
                    for unit in units.start.max(of_channel.start)..units.end.min(of_channel.end) {
                        self.add_unit(frame, sample, &lines, unit, (waiting, first), gradient);
                    }
                }
            }
        }
    }

    /// Puts what some rows of the output see of a channel between the margins; returns the first
    /// row.
    fn fetch(&self, x: Span, lines: &Range<usize>, channel: usize, waiting: Span) -> usize {
        let map = &self.step.x;
        let first = self.rows.input(lines.start, 0).max(0) as usize;
        let end = self.rows.input(lines.start, 0) + self.seen(lines.len()) as isize;
        for row in first..map.height.min(end.max(0) as usize) {
            let to = waiting.part((row - first) * self.width + self.margin, map.width);
            to.copy_from(x.from(map.index(channel, row, 0)));
        }
        first
    }

    /// Adds what a unit sees from some rows of the output; `waiting` holds the input from row
    /// `first` on.
    fn add_unit(
        &self,
        frame: &Frame,
        sample: usize,
        lines: &Range<usize>,
        unit: usize,
        (waiting, first): (Span, usize),
        gradient: Span,
    ) {
        let (map, [height, width]) = (&self.step.dy, self.step.window.kernel);
        let valid = self.rows.valid_outputs(unit % height);
        let lines = valid.start.max(lines.start)..valid.end.min(lines.end);
        if lines.is_empty() {
            return;
        }
        let row = self.rows.input(lines.start, unit % height) as usize - first;
        let all = map.channels.div_ceil(BLOCK);
        for block in (0..all).step_by(2) {
            let blocks = 2.min(all - block);
            let dy = frame.map(sample, map).from(map.index(block * BLOCK, lines.start, 0));
            let parts = width.div_ceil(taps_of(blocks));
            for taps in (0..parts).map(|part| split::part(width, parts, part)) {
                let shape = Taps {
                    taps: taps.len(),
                    blocks,
                    rows: lines.len(),
                    pixels: map.width,
                    stride: self.step.window.stride[1],
                    x_row: self.rows.in_step * self.width,
                    w_row: map.width * BLOCK,
                    w_block: map.height * map.width * BLOCK,
                    y_block: self.elements() * BLOCK,
                };
                let element = block * self.elements() + unit * width + taps.start;
                let x = waiting.from(row * self.width + taps.start);
                shape.add(frame.isa(), x, dy, gradient.from(element * BLOCK));
            }
        }
    }
}
