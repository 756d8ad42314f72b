//! Gradient of pooling: every window passes its gradient on to its elements, in row-major order of the windows.
//!
//! A maximum's gradient goes to the first element of the window that none beats.

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
    let rows = Axis::forward(&step.window, 0, step.dx.height, step.dy.height);
    let columns = Axis::forward(&step.window, 1, step.dx.width, step.dy.width);
    let area = step.window.kernel[0] * step.window.kernel[1];
    let work = (step.dy.len() * area) as u64;
    frame.each_sample(step.dx.channels.div_ceil(BLOCK), work, &|sample, block| {
        let epilogue = frame.epilogue(step.epilogue, &step.dx, sample);
        let block_of = |map| plane(frame.map(sample, map), map, block);
        let x = match step.kind {
            PoolKind::Max => block_of(&step.x),
            PoolKind::Avg { .. } => block_of(&step.dx),
        };
        let (dy, dx, width) = (block_of(&step.dy), block_of(&step.dx), step.dx.width);
        frame.isa().run(Plane { kind: step.kind, rows, columns, area, x, dy, dx, width });
        epilogue.apply(step.dx.index(block * BLOCK, 0, 0), BLOCK, step.dx.height * width);
    });
}

/// Eight channels of a sample.
struct Plane<'a> {
    kind: PoolKind,
    rows: Axis,
    columns: Axis,
    area: usize,
    x: Span<'a>,
    dy: Span<'a>,
    dx: Span<'a>,
    width: usize,
}

impl Kernel for Plane<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for at in (0..self.dx.len()).step_by(BLOCK) {
            self.dx.store(simd, at, simd.splat(0.0));
        }
        let mut window = 0;
        for row in 0..self.rows.out_count {
            let row_taps = self.rows.valid_taps(row);
            for run in self.columns.runs() {
                for column in run.outputs {
                    let start =
                        [self.rows.input(row, row_taps.start), self.columns.input(column, run.taps.start)];
                    let taps = Taps { start, count: [row_taps.len(), run.taps.len()] };
                    let dy = self.dy.load(simd, window);
                    match self.kind {
                        PoolKind::Max => self.to_maximum(simd, &taps, dy),
                        PoolKind::Avg { count_include_pad } => {
                            let inside = taps.count[0] * taps.count[1];
                            let count = if count_include_pad { self.area } else { inside };
                            self.to_all(simd, &taps, simd.div(dy, simd.splat(count as f32)));
                        }
                    }
                    window += BLOCK;
                }
            }
        }
    }
}

/// The taps of a window that lie inside the input.
struct Taps {
    start: [isize; 2],
    count: [usize; 2],
}

impl Plane<'_> {
    #[inline(always)]
    fn place(&self, taps: &Taps, row: usize, column: usize) -> usize {
        let row = taps.start[0] + row as isize * self.rows.tap_step;
        let column = taps.start[1] + column as isize * self.columns.tap_step;
        (row as usize * self.width + column as usize) * BLOCK
    }

    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, at: usize, share: S::V) {
        self.dx.store(simd, at, simd.add(self.dx.load(simd, at), share));
    }

    #[inline(always)]
    fn to_all<S: Simd>(&self, simd: S, taps: &Taps, share: S::V) {
        for row in 0..taps.count[0] {
            for column in 0..taps.count[1] {
                self.add(simd, self.place(taps, row, column), share);
            }
        }
    }

    #[inline(always)]
    fn to_maximum<S: Simd>(&self, simd: S, taps: &Taps, dy: S::V) {
        if taps.count.contains(&0) {
            return;
        }
        let mut best = self.x.load(simd, self.place(taps, 0, 0));
        for row in 0..taps.count[0] {
            for column in 0..taps.count[1] {
                let x = self.x.load(simd, self.place(taps, row, column));
                best = simd.select(beats(simd, x, best), x, best);
            }
        }
        let (mut left, zero) = (dy, simd.splat(0.0));
        for row in 0..taps.count[0] {
            for column in 0..taps.count[1] {
                let at = self.place(taps, row, column);
                let beaten = beats(simd, best, self.x.load(simd, at));
                self.add(simd, at, simd.select(beaten, zero, left));
                left = simd.select(beaten, left, zero);
            }
        }
    }
}

/// Greater, or NaN against a number.
#[inline(always)]
fn beats<S: Simd>(simd: S, a: S::V, b: S::V) -> S::M {
    simd.or(simd.gt(a, b), simd.and_not(simd.is_nan(a), simd.is_nan(b)))
}
