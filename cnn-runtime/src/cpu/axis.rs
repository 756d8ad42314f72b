//! Which inputs an output sees along one axis of a sliding window.
//!
//! Output `t` (at `out_start + t * out_step` of the map) sees, through its tap `j`, the input
//! `in_start + t * in_step + j * tap_step` with filter element `filter_start + j * filter_step`.
//! That covers the forward pass and, one phase of the stride at a time, its transpose.

use std::ops::Range;

use crate::plan::Window;

#[derive(Clone, Copy)]
pub(super) struct Axis {
    out_start: usize,
    pub(super) out_step: usize,
    pub(super) out_count: usize,
    in_start: isize,
    pub(super) in_step: usize,
    in_size: usize,
    pub(super) tap_step: isize,
    taps: usize,
    filter_start: usize,
    pub(super) filter_step: usize,
}

/// Neighbouring outputs that see the same taps.
pub(super) struct Run {
    pub(super) outputs: Range<usize>,
    pub(super) taps: Range<usize>,
}

impl Axis {
    /// A convolution along an axis (0 vertical, 1 horizontal) from `in_size` to `out_size`.
    pub(super) fn forward(window: &Window, axis: usize, in_size: usize, out_size: usize) -> Axis {
        Axis {
            out_start: 0,
            out_step: 1,
            out_count: out_size,
            in_start: -(window.pad[axis] as isize),
            in_step: window.stride[axis],
            in_size,
            tap_step: window.dilation[axis] as isize,
            taps: window.kernel[axis],
            filter_start: 0,
            filter_step: 1,
        }
    }

    /// The transpose for the inputs `phase, phase + stride, …` of the convolution: input `i` was
    /// seen by output `o` through tap `k` where `o * stride = i + pad - k * dilation`, so every
    /// `stride / gcd(stride, dilation)`-th tap counts.
    pub(super) fn transpose(
        window: &Window,
        axis: usize,
        dy_size: usize,
        dx_size: usize,
        phase: usize,
    ) -> Axis {
        let [stride, dilation] = [window.stride[axis], window.dilation[axis]];
        let (kernel, base) = (window.kernel[axis], (phase + window.pad[axis]) as isize);
        let place = |tap: usize| base - (tap * dilation) as isize;
        let first = (0..kernel).find(|&tap| place(tap) % stride as isize == 0);
        let common = gcd(stride, dilation);
        let filter_step = stride / common;
        Axis {
            out_start: phase,
            out_step: stride,
            out_count: dx_size.saturating_sub(phase).div_ceil(stride),
            in_start: first.map_or(0, |tap| place(tap) / stride as isize),
            in_step: 1,
            in_size: dy_size,
            tap_step: -((dilation / common) as isize),
            taps: first.map_or(0, |tap| (kernel - tap).div_ceil(filter_step)),
            filter_start: first.unwrap_or(0),
            filter_step,
        }
    }

    /// The input position of a tap; inside the map for taps of the output's run.
    #[inline]
    pub(super) fn input(&self, output: usize, tap: usize) -> isize {
        self.in_start + (output * self.in_step) as isize + tap as isize * self.tap_step
    }

    /// The output's place in its map.
    #[inline]
    pub(super) fn output(&self, output: usize) -> usize {
        self.out_start + output * self.out_step
    }

    /// The tap's place in the kernel.
    #[inline]
    pub(super) fn filter(&self, tap: usize) -> usize {
        self.filter_start + tap * self.filter_step
    }

    /// Taps whose input lies inside the map.
    pub(super) fn valid_taps(&self, output: usize) -> Range<usize> {
        let (first, size) = (self.input(output, 0), self.in_size as isize);
        let reaching = |distance: isize| {
            (distance.max(0) as usize).div_ceil(self.tap_step.unsigned_abs()).min(self.taps)
        };
        let (start, end) = if self.tap_step > 0 {
            (reaching(-first), reaching(size - first))
        } else {
            (reaching(first + 1 - size), reaching(first + 1))
        };
        start..end.max(start)
    }

    /// Taps of a forward window that lie before a position of the padded input.
    pub(super) fn taps_before(&self, output: usize, end: usize) -> usize {
        let distance = (end as isize - self.input(output, 0)).max(0) as usize;
        distance.div_ceil(self.tap_step.unsigned_abs()).min(self.taps)
    }

    /// Outputs for which a tap's input lies inside the map.
    pub(super) fn valid_outputs(&self, tap: usize) -> Range<usize> {
        let first = self.input(0, tap);
        let reaching = |at: isize| ((at - first).max(0) as usize).div_ceil(self.in_step).min(self.out_count);
        let (start, end) = (reaching(0), reaching(self.in_size as isize));
        start..end.max(start)
    }

    /// Positions before and after the input that some output sees.
    pub(super) fn margins(&self) -> [usize; 2] {
        if self.out_count == 0 || self.taps == 0 {
            return [0, 0];
        }
        let ends =
            [0, self.out_count - 1].map(|output| [0, self.taps - 1].map(|tap| self.input(output, tap)));
        let (low, high) = ends.iter().flatten().fold((0, 0), |(low, high), &at| (at.min(low), at.max(high)));
        [low.unsigned_abs(), (high as usize + 1).saturating_sub(self.in_size)]
    }

    /// The same outputs of an input that has gained margins.
    pub(super) fn widened(&self, [before, after]: [usize; 2]) -> Axis {
        Axis { in_start: self.in_start + before as isize, in_size: before + self.in_size + after, ..*self }
    }

    /// Where the outputs end whose taps all lie inside the map.
    fn full_end(&self) -> usize {
        let ends = [0, self.taps.saturating_sub(1)].map(|tap| self.valid_outputs(tap).end);
        ends[0].min(ends[1])
    }

    /// Some outputs in runs of equal taps.
    pub(super) fn runs(&self, outputs: Range<usize>) -> impl Iterator<Item = Run> {
        let axis = *self;
        let mut next = outputs.start;
        std::iter::from_fn(move || {
            let start = next;
            (start < outputs.end).then(|| {
                let taps = axis.valid_taps(start);
                next = if taps == (0..axis.taps) { axis.full_end().min(outputs.end) } else { start + 1 };
                while next < outputs.end && axis.valid_taps(next) == taps {
                    next += 1;
                }
                Run { outputs: start..next, taps }
            })
        })
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
