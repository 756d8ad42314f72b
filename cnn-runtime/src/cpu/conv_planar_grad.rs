//! Filter gradients of a planar input, such as the image: the taps of a kernel's row lie side by side there.
//!
//! What one row of the kernel sees waits in a local buffer, with zeros beside it where the input is padded, so that all
//! outputs see all taps. Small gradients divide the batch among threads, large ones the kernel's rows.

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
const WAITING: usize = 4096;
/// Pixels of the output's gradient that stay in the nearest cache while all rows of the kernel see them.
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
    let is_usual = step.groups == 1 && step.window.dilation[1] == 1 && width <= WAITING;
    if step.x.layout != Layout::Planar || !is_usual {
        return false;
    }
    let rows = Axis::forward(&step.window, 0, step.x.height, step.dy.height);
    let (task, blocks) = (Task { step, rows, margin, width }, step.dy.channels.div_ceil(BLOCK));
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
    task.clear_padding(gradient.from((blocks - 1) * task.elements() * BLOCK));
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

    /// Adds the part of the frame's samples to some units of a gradient: a unit is a row of the kernel of one channel.
    fn add(&self, frame: &Frame, units: Range<usize>, gradient: Span) {
        let mut waiting = [0.0; WAITING];
        let waiting = Span::local(&mut waiting);
        let dy = &self.step.dy;
        let rows = (WAITING / self.width).min(PIXELS / dy.width).max(1);
        for sample in frame.samples.clone() {
            for start in (0..dy.height).step_by(rows) {
                let lines = start..dy.height.min(start + rows);
                for unit in units.clone() {
                    self.fetch(frame.map(sample, &self.step.x), lines.clone(), unit, waiting);
                    self.add_unit(frame, sample, lines.clone(), unit, waiting, gradient);
                }
            }
        }
    }

    /// What a row of the kernel sees from some rows of the output.
    fn fetch(&self, x: Span, lines: Range<usize>, unit: usize, waiting: Span) {
        let (map, height) = (&self.step.x, self.step.window.kernel[0]);
        let (channel, tap) = (unit / height, unit % height);
        for (number, line) in lines.enumerate() {
            let to = waiting.part(number * self.width + self.margin, map.width);
            match usize::try_from(self.rows.input(line, tap)) {
                Ok(row) if row < map.height => to.copy_from(x.from(map.index(channel, row, 0))),
                _ => to.fill(0.0),
            }
        }
    }

    fn add_unit(
        &self,
        frame: &Frame,
        sample: usize,
        lines: Range<usize>,
        unit: usize,
        waiting: Span,
        gradient: Span,
    ) {
        let (map, width, all) =
            (&self.step.dy, self.step.window.kernel[1], self.step.dy.channels.div_ceil(BLOCK));
        for first in (0..all).step_by(2) {
            let blocks = 2.min(all - first);
            let dy = frame.map(sample, map).from(map.index(first * BLOCK, lines.start, 0));
            let parts = width.div_ceil(taps_of(blocks));
            for taps in (0..parts).map(|part| split::part(width, parts, part)) {
                let shape = Taps {
                    taps: taps.len(),
                    blocks,
                    rows: lines.len(),
                    pixels: map.width,
                    stride: self.step.window.stride[1],
                    x_row: self.width,
                    w_row: map.width * BLOCK,
                    w_block: map.height * map.width * BLOCK,
                    y_block: self.elements() * BLOCK,
                };
                let element = first * self.elements() + unit * width + taps.start;
                let gradient = gradient.from(element * BLOCK);
                shape.add(frame.isa(), waiting.from(taps.start), dy, gradient);
            }
        }
    }

    /// The lanes of the last block past the last output took what the padding lanes of `dy` hold.
    fn clear_padding(&self, last: Span) {
        let lanes = self.step.dy.channels % BLOCK;
        if lanes > 0 {
            (0..last.len()).filter(|at| at % BLOCK >= lanes).for_each(|at| last.set(at, 0.0));
        }
    }
}
