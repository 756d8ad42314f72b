//! Which inputs a pooling window covers along one axis.

use super::axis::Axis;
use crate::plan::{Map, PoolKind, Window};

/// The windows along an axis.
#[derive(Clone, Copy)]
pub(super) enum Windows {
    /// They slide. Positions before `end` are part of the padded input.
    Sliding { axis: Axis, end: usize },
    /// They cover `inputs` evenly.
    Even { inputs: usize, outputs: usize },
}

/// The taps of a window that lie inside the input.
#[derive(Clone, Copy)]
pub(super) struct Taps {
    pub(super) start: isize,
    pub(super) step: isize,
    pub(super) count: usize,
    /// Taps inside the padded input.
    pub(super) padded: usize,
}

impl Windows {
    /// Along both axes.
    pub(super) fn of(kind: PoolKind, window: &Window, x: &Map, y: &Map) -> [Windows; 2] {
        let along = |axis: usize, inputs: usize, outputs: usize| match kind {
            PoolKind::AdaptiveAvg => Windows::Even { inputs, outputs },
            PoolKind::Max | PoolKind::Avg { .. } => Windows::Sliding {
                axis: Axis::forward(window, axis, inputs, outputs),
                end: inputs + window.pad_end[axis],
            },
        };
        [along(0, x.height, y.height), along(1, x.width, y.width)]
    }

    #[inline(always)]
    pub(super) fn taps(&self, output: usize) -> Taps {
        match *self {
            Windows::Sliding { axis, end } => {
                let (taps, padded) = (axis.valid_taps(output), axis.taps_before(output, end));
                Taps { start: axis.input(output, taps.start), step: axis.tap_step, count: taps.len(), padded }
            }
            Windows::Even { inputs, outputs } => {
                let (start, end) = (output * inputs / outputs, ((output + 1) * inputs).div_ceil(outputs));
                Taps { start: start as isize, step: 1, count: end - start, padded: end - start }
            }
        }
    }
}

impl Taps {
    /// The input of a tap.
    #[inline(always)]
    pub(super) fn input(&self, tap: usize) -> usize {
        (self.start + tap as isize * self.step) as usize
    }
}

/// What the sum of a window is divided by.
#[inline(always)]
pub(super) fn divisor(kind: PoolKind, [rows, columns]: [&Taps; 2]) -> f32 {
    match kind {
        PoolKind::Avg { count_include_pad: true } => (rows.padded * columns.padded) as f32,
        PoolKind::Avg { count_include_pad: false } | PoolKind::AdaptiveAvg => {
            (rows.count * columns.count) as f32
        }
        PoolKind::Max => 1.0,
    }
}
