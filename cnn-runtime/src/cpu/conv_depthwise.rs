//! Convolutions of each channel by itself: eight channels at a time, a vector of filters each tap.

use std::ops::Range;

use super::{
    axis::{Axis, Run},
    correlation::Correlation,
    epilogue::Epilogue,
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, ConvFilterGrad, Map};

/// Rows and columns.
type Axes<'a> = (&'a Axis, &'a Axis);

/// Outputs of `lines` of a block.
pub(super) fn correlate(
    correlation: &Correlation,
    block: usize,
    lines: Range<usize>,
    (rows, columns): Axes,
    x: Span,
    epilogue: &Epilogue,
) {
    let (x_map, y_map) = (&correlation.x, &correlation.y);
    let [height, width] = correlation.kernel;
    let plane = |map: &Map| map.height * map.width * BLOCK;
    for run in columns.runs(0..columns.out_count) {
        for row in lines.clone() {
            let at = y_map.index(block * BLOCK, rows.output(row), columns.output(run.outputs.start));
            epilogue.frame.isa().run(Row {
                x: x.part(block * plane(x_map), plane(x_map)),
                x_width: x_map.width,
                filters: correlation.filters.part(block * height * width * BLOCK, height * width * BLOCK),
                width,
                bias: correlation.bias.map(|bias| bias.part(block * BLOCK, BLOCK)),
                y: epilogue.y.from(at),
                axes: (rows, columns),
                row,
                row_taps: rows.valid_taps(row),
                run: &run,
            });
            epilogue.apply(at, columns.out_step * BLOCK, run.outputs.len());
        }
    }
}

/// Neighbouring outputs of a row that see the same taps.
struct Row<'a> {
    x: Span<'a>,
    x_width: usize,
    filters: Span<'a>,
    width: usize,
    bias: Option<Span<'a>>,
    y: Span<'a>,
    axes: Axes<'a>,
    row: usize,
    row_taps: Range<usize>,
    run: &'a Run,
}

/// Outputs that are summed together.
const PIXELS: usize = 8;

impl Kernel for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let count = self.run.outputs.len();
        let mut first = 0;
        while first + PIXELS <= count {
            self.pixels::<S, PIXELS>(simd, first);
            first += PIXELS;
        }
        for pixel in first..count {
            self.pixels::<S, 1>(simd, pixel);
        }
    }
}

impl Row<'_> {
    #[inline(always)]
    fn pixels<S: Simd, const P: usize>(&self, simd: S, first: usize) {
        let (rows, columns) = self.axes;
        let start = match self.bias {
            Some(bias) => bias.load(simd, 0),
            None => simd.splat(0.0),
        };
        let mut sums = [start; P];
        for row_tap in self.row_taps.clone() {
            let x_row = rows.input(self.row, row_tap) as usize * self.x_width;
            for column_tap in self.run.taps.clone() {
                let tap = rows.filter(row_tap) * self.width + columns.filter(column_tap);
                let filter = self.filters.load(simd, tap * BLOCK);
                let x = x_row + columns.input(self.run.outputs.start + first, column_tap) as usize;
                for (pixel, sum) in sums.iter_mut().enumerate() {
                    let x = self.x.load(simd, (x + pixel * columns.in_step) * BLOCK);
                    *sum = simd.fma(x, filter, *sum);
                }
            }
        }
        for (pixel, sum) in sums.iter().enumerate() {
            self.y.store(simd, (first + pixel) * columns.out_step * BLOCK, *sum);
        }
    }
}

/// The filter gradient of a block, zero past the last output.
pub(super) fn filter_grad(frame: &Frame, step: &ConvFilterGrad, axes: Axes, filters: Span, block: usize) {
    let [height, width] = step.window.kernel;
    let used = BLOCK.min(step.dy.channels - block * BLOCK);
    for tap in 0..height * width {
        let mut sums = [0.0; BLOCK];
        for sample in frame.samples.clone() {
            let (x, dy) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.dy, block));
            let widths = [step.x.width, step.dy.width];
            let of_sample = frame.isa().run(Tap { x, dy, widths, axes, tap: [tap / width, tap % width] });
            sums.iter_mut().zip(of_sample).for_each(|(sum, value)| *sum += value);
        }
        sums[used..].fill(0.0);
        filters.part((block * height * width + tap) * BLOCK, BLOCK).write(&sums);
    }
}

/// The gradient of a tap from one sample.
struct Tap<'a> {
    x: Span<'a>,
    dy: Span<'a>,
    widths: [usize; 2],
    axes: Axes<'a>,
    tap: [usize; 2],
}

/// Interleaved sums, which hide the latency of additions.
const CHAINS: usize = 4;

impl Kernel for Tap<'_> {
    type Output = [f32; BLOCK];

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> [f32; BLOCK] {
        let Tap { x, dy, widths: [x_width, dy_width], axes: (rows, columns), tap } = self;
        let valid = columns.valid_outputs(tap[1]);
        let mut sums = [simd.splat(0.0); CHAINS];
        for row in rows.valid_outputs(tap[0]) {
            let x_row = rows.input(row, tap[0]) as usize * x_width;
            let mut column = valid.start;
            while column < valid.end {
                let chains = CHAINS.min(valid.end - column);
                for (chain, sum) in sums[..chains].iter_mut().enumerate() {
                    let seen = x_row + columns.input(column + chain, tap[1]) as usize;
                    let dy = dy.load(simd, (row * dy_width + column + chain) * BLOCK);
                    *sum = simd.fma(dy, x.load(simd, seen * BLOCK), *sum);
                }
                column += chains;
            }
        }
        let mut total = [0.0; BLOCK];
        let sum = simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3]));
        Span::local(&mut total).store(simd, 0, sum);
        total
    }
}
