//! More rows and columns, and the gradient, which gathers what each element gave.

use std::ops::Range;

use super::{
    frame::Frame,
    memory::Span,
    simd::{Kernel, Simd},
};
use crate::plan::{BLOCK, Map, Upsample, UpsampleGrad, Upsampling};

/// Runs [`Upsample`].
pub(super) fn forward(frame: &Frame, step: &'static Upsample) {
    let axes = axes(&step.x, step.scale, step.mode);
    frame.touch_each(step.y.channels.div_ceil(BLOCK), step.y.len(), &|sample, block| {
        let (x, y) = (frame.plane(sample, &step.x, block), frame.plane(sample, &step.y, block));
        frame.isa().run(Blend { axes, x, y });
        frame.epilogue(step.epilogue, &step.y, sample).apply(block * y.len(), BLOCK, y.len() / BLOCK);
    });
}

/// Runs [`UpsampleGrad`].
pub(super) fn grad(frame: &Frame, step: &'static UpsampleGrad) {
    let axes = axes(&step.dx, step.scale, step.mode);
    frame.touch_each(step.dx.channels.div_ceil(BLOCK), step.dy.len(), &|sample, block| {
        let (dy, dx) = (frame.plane(sample, &step.dy, block), frame.plane(sample, &step.dx, block));
        frame.isa().run(Gather { axes, dy, dx });
        frame.epilogue(step.epilogue, &step.dx, sample).apply(block * dx.len(), BLOCK, dx.len() / BLOCK);
    });
}

/// Rows or columns of the shorter map and of the longer one.
#[derive(Clone, Copy)]
struct Axis {
    short: usize,
    scale: usize,
    mode: Upsampling,
}

/// Rows and columns; `map` is the shorter one.
fn axes(map: &Map, scale: [usize; 2], mode: Upsampling) -> [Axis; 2] {
    let axis = |short, scale| Axis { short, scale, mode };
    [axis(map.height, scale[0]), axis(map.width, scale[1])]
}

impl Axis {
    fn long(&self) -> usize {
        self.short * self.scale
    }

    /// The two places that the longer map's place `at` depends on, and the second one's share.
    #[inline(always)]
    fn parts(&self, at: usize) -> ([usize; 2], f32) {
        match self.mode {
            Upsampling::Nearest => ([at / self.scale; 2], 0.0),
            Upsampling::Bilinear => {
                // In units of half a place of the longer map, which are whole numbers.
                let (place, unit) = ((2 * at + 1).saturating_sub(self.scale), 2 * self.scale);
                let before = place / unit;
                ([before, (before + 1).min(self.short - 1)], (place % unit) as f32 / unit as f32)
            }
        }
    }

    /// The longer map's places that may depend on place `at`.
    #[inline(always)]
    fn readers(&self, at: usize) -> Range<usize> {
        let own = at * self.scale..(at + 1) * self.scale;
        match self.mode {
            Upsampling::Nearest => own,
            Upsampling::Bilinear => {
                own.start.saturating_sub(self.scale)..(own.end + self.scale).min(self.long())
            }
        }
    }

    /// The share of place `at` in the longer map's place `reader`.
    #[inline(always)]
    fn share(&self, at: usize, reader: usize) -> f32 {
        let ([first, second], share) = self.parts(reader);
        let of = |place: usize, share: f32| if place == at { share } else { 0.0 };
        of(first, 1.0 - share) + of(second, share)
    }
}

/// Eight channels of a sample.
struct Blend<'a> {
    axes: [Axis; 2],
    x: Span<'a>,
    y: Span<'a>,
}

impl Kernel for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [rows, columns] = self.axes;
        let pixel = |row: usize, column: usize| self.x.load(simd, (row * columns.short + column) * BLOCK);
        // Exact where the share is 0, whatever the other end holds.
        let between = |a: S::V, b: S::V, share: f32| match share {
            0.0 => a,
            share => simd.fma(b, simd.splat(share), simd.mul(a, simd.splat(1.0 - share))),
        };
        for row in 0..rows.long() {
            let ([above, below], down) = rows.parts(row);
            for column in 0..columns.long() {
                let ([left, right], across) = columns.parts(column);
                let upper = between(pixel(above, left), pixel(above, right), across);
                let lower = between(pixel(below, left), pixel(below, right), across);
                self.y.store(simd, (row * columns.long() + column) * BLOCK, between(upper, lower, down));
            }
        }
    }
}

/// Eight channels of a sample.
struct Gather<'a> {
    axes: [Axis; 2],
    dy: Span<'a>,
    dx: Span<'a>,
}

/// Readers of a column whose shares are kept while the rows are gone through.
const KEPT: usize = 64;

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let [rows, columns] = self.axes;
        for column in 0..columns.short {
            let readers = columns.readers(column);
            let mut kept = [0.0; KEPT];
            for (kept, reader) in kept.iter_mut().zip(readers.clone()) {
                *kept = columns.share(column, reader);
            }
            for row in 0..rows.short {
                let mut sum = simd.splat(0.0);
                for reading_row in rows.readers(row) {
                    let down = rows.share(row, reading_row);
                    if down == 0.0 {
                        continue;
                    }
                    for (number, reader) in readers.clone().enumerate() {
                        let across = if number < KEPT { kept[number] } else { columns.share(column, reader) };
                        if across == 0.0 {
                            continue;
                        }
                        let dy = self.dy.load(simd, (reading_row * columns.long() + reader) * BLOCK);
                        sum = simd.fma(dy, simd.splat(down * across), sum);
                    }
                }
                self.dx.store(simd, (row * columns.short + column) * BLOCK, sum);
            }
        }
    }
}
