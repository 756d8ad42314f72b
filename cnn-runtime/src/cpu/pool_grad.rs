//! Gradient of pooling: every input element gathers from the windows that contain it.
//!
//! An element of a maximum's window takes the gradient if it beats all elements before it and no element after it beats it.

use super::{
    axis::Axis,
    frame::Frame,
    memory::Span,
    pool::plane,
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, PoolGrad, PoolKind};

/// See [`PoolGrad`].
pub(super) fn run(frame: &Frame, step: &'static PoolGrad) {
    let area = step.window.kernel[0] * step.window.kernel[1];
    let work = (step.dy.len() * area) as u64;
    frame.each_sample(step.dx.channels.div_ceil(BLOCK), work, &|sample, block| {
        let epilogue = frame.epilogue(step.epilogue, &step.dx, sample);
        let block_of = |map| plane(frame.map(sample, map), map, block);
        let x = match step.kind {
            PoolKind::Max => block_of(&step.x),
            PoolKind::Avg { .. } => block_of(&step.dx),
        };
        let (dy, dx) = (block_of(&step.dy), block_of(&step.dx));
        frame.isa().run(Plane { step, x, dy, dx });
        for row in 0..step.dx.height {
            epilogue.apply(step.dx.index(block * BLOCK, row, 0), BLOCK, step.dx.width);
        }
    });
}

/// Eight channels of a sample.
struct Plane<'a> {
    step: &'static PoolGrad,
    x: Span<'a>,
    dy: Span<'a>,
    dx: Span<'a>,
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let PoolGrad { window, dx, dy, x, .. } = self.step;
        let forward = Windows {
            rows: Axis::forward(window, 0, dx.height, dy.height),
            columns: Axis::forward(window, 1, dx.width, dy.width),
            kind: self.step.kind,
            area: window.kernel[0] * window.kernel[1],
            width: x.width,
            x: self.x,
        };
        for row_phase in 0..window.stride[0] {
            let rows = Axis::transpose(window, 0, dy.height, dx.height, row_phase);
            for column_phase in 0..window.stride[1] {
                let columns = Axis::transpose(window, 1, dy.width, dx.width, column_phase);
                self.phase(simd, &forward, &rows, &columns);
            }
        }
    }
}

impl Plane<'_> {
    /// Elements at one position within the stride.
    #[inline(always)]
    fn phase<S: Simd>(&self, simd: S, windows: &Windows, rows: &Axis, columns: &Axis) {
        let (width, dy_width) = (self.step.dx.width, self.step.dy.width);
        for row in 0..rows.out_count {
            let row_taps = rows.valid_taps(row);
            for run in columns.runs() {
                for column in run.outputs {
                    let at = (rows.output(row) * width + columns.output(column)) * BLOCK;
                    let mut sum = simd.splat(0.0);
                    for tap_row in row_taps.clone() {
                        for tap_column in run.taps.clone() {
                            let (y, x) = (rows.input(row, tap_row), columns.input(column, tap_column));
                            let [y, x] = [y as usize, x as usize];
                            let dy = self.dy.load(simd, (y * dy_width + x) * BLOCK);
                            sum = simd.add(sum, windows.share(simd, [y, x], at, dy));
                        }
                    }
                    self.dx.store(simd, at, sum);
                }
            }
        }
    }
}

/// The windows of the forward pass.
struct Windows<'a> {
    rows: Axis,
    columns: Axis,
    kind: PoolKind,
    area: usize,
    width: usize,
    x: Span<'a>,
}

impl Windows<'_> {
    /// What the element at `at` takes of its window's gradient.
    #[inline(always)]
    fn share<S: Simd>(&self, simd: S, window: [usize; 2], at: usize, dy: S::V) -> S::V {
        match self.kind {
            PoolKind::Max => self.winners(simd, window, at, dy),
            PoolKind::Avg { count_include_pad: true } => simd.div(dy, simd.splat(self.area as f32)),
            PoolKind::Avg { count_include_pad: false } => {
                let count = self.rows.valid_taps(window[0]).len() * self.columns.valid_taps(window[1]).len();
                simd.div(dy, simd.splat(count as f32))
            }
        }
    }

    /// `dy` where the element is its window's maximum, else zero.
    #[inline(always)]
    fn winners<S: Simd>(&self, simd: S, window: [usize; 2], at: usize, dy: S::V) -> S::V {
        let zero = simd.splat(0.0);
        let element = self.x.load(simd, at);
        let mut share = dy;
        for tap_row in self.rows.valid_taps(window[0]) {
            let row = self.rows.input(window[0], tap_row) as usize * self.width;
            for tap_column in self.columns.valid_taps(window[1]) {
                let other_at = (row + self.columns.input(window[1], tap_column) as usize) * BLOCK;
                let other = self.x.load(simd, other_at);
                if other_at < at {
                    share = simd.select(beats(simd, element, other), share, zero);
                } else if other_at > at {
                    share = simd.select(beats(simd, other, element), zero, share);
                }
            }
        }
        share
    }
}

/// Greater, or NaN against a number.
#[inline(always)]
fn beats<S: Simd>(simd: S, a: S::V, b: S::V) -> S::M {
    simd.or(simd.gt(a, b), simd.and_not(simd.is_nan(a), simd.is_nan(b)))
}
