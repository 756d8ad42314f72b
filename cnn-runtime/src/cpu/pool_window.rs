//! Which inputs pooling windows cover: along an axis, and in a plane of eight channels.

use std::ops::Range;

use super::axis::Axis;
use crate::plan::{BLOCK, Map, PoolKind, Window, even_window};

/// The windows along an axis.
#[derive(Clone, Copy)]
enum Windows {
    /// They slide. Positions before `end` are part of the padded input; the windows from
    /// `inside[0]` to `inside[1]` have all of their `size` taps inside the input.
    Sliding { axis: Axis, end: usize, size: usize, inside: [usize; 2] },
    /// They cover `inputs` evenly.
    Even { inputs: usize, outputs: usize },
}

/// The taps of a window that lie inside the input.
struct Taps {
    start: isize,
    step: isize,
    count: usize,
    /// Taps inside the padded input.
    padded: usize,
}

impl Windows {
    fn along(axis: usize, kind: PoolKind, window: &Window, inputs: usize, outputs: usize) -> Windows {
        if kind == PoolKind::AdaptiveAvg {
            return Windows::Even { inputs, outputs };
        }
        let (end, size) = (inputs + window.pad_end[axis], window.kernel[axis]);
        let axis = Axis::forward(window, axis, inputs, outputs);
        let inside = [axis.valid_outputs(0).start, axis.valid_outputs(size - 1).end];
        Windows::Sliding { axis, end, size, inside }
    }

    /// Whether every input lies in exactly one window.
    fn tile(&self) -> bool {
        match *self {
            Windows::Sliding { axis, end, size, inside } => {
                let touch = axis.in_step == size && axis.tap_step == 1 && axis.input(0, 0) == 0;
                touch && inside == [0, axis.out_count] && axis.out_count * size == end
            }
            Windows::Even { inputs, outputs } => inputs.is_multiple_of(outputs),
        }
    }

    /// The taps of a window that lie inside the input.
    #[inline]
    fn taps(&self, output: usize) -> Taps {
        match *self {
            Windows::Sliding { axis, size, inside: [start, end], .. } if (start..end).contains(&output) => {
                Taps { start: axis.input(output, 0), step: axis.tap_step, count: size, padded: size }
            }
            Windows::Sliding { axis, end, .. } => {
                let (taps, padded) = (axis.valid_taps(output), axis.taps_before(output, end));
                Taps { start: axis.input(output, taps.start), step: axis.tap_step, count: taps.len(), padded }
            }
            Windows::Even { inputs, outputs } => {
                let Range { start, end } = even_window(output, outputs, inputs);
                Taps { start: start as isize, step: 1, count: end - start, padded: end - start }
            }
        }
    }

    /// The windows from one on that see as many taps as it does.
    #[inline]
    fn run(&self, first: usize) -> Range<usize> {
        match *self {
            Windows::Sliding { inside: [start, end], .. } if (start..end).contains(&first) => first..end,
            Windows::Sliding { .. } | Windows::Even { .. } => first..first + 1,
        }
    }

    /// Inputs between the windows of a run.
    #[inline]
    fn step(&self) -> usize {
        match self {
            Windows::Sliding { axis, .. } => axis.in_step,
            Windows::Even { .. } => 0,
        }
    }
}

/// The windows of a map.
#[derive(Clone, Copy)]
pub(super) struct Pooling {
    pub(super) kind: PoolKind,
    /// Whether every input lies in exactly one window.
    pub(super) tiles: bool,
    rows: Windows,
    columns: Windows,
    /// Columns of the input and of the output.
    widths: [usize; 2],
}

/// Neighbouring windows of a row that see equally many taps. Places are vectors of a plane of the
/// input.
pub(super) struct Stretch {
    /// Their columns.
    pub(super) windows: Range<usize>,
    /// Taps down and across.
    pub(super) taps: [usize; 2],
    /// What the sum of a window is divided by.
    pub(super) divisor: f32,
    start: isize,
    row_step: isize,
    tap_step: isize,
    window_step: usize,
}

impl Pooling {
    pub(super) fn new(kind: PoolKind, window: &Window, x: &Map, y: &Map) -> Pooling {
        let rows = Windows::along(0, kind, window, x.height, y.height);
        let columns = Windows::along(1, kind, window, x.width, y.width);
        let tiles = rows.tile() && columns.tile();
        Pooling { kind, tiles, rows, columns, widths: [x.width, y.width] }
    }

    /// The windows of a row.
    #[inline]
    pub(super) fn stretches(&self, row: usize) -> impl Iterator<Item = Stretch> {
        let Pooling { kind, rows, columns, widths: [x_width, y_width], .. } = *self;
        let (down, x_width) = (rows.taps(row), x_width as isize);
        let mut next = 0;
        std::iter::from_fn(move || {
            let windows = columns.run(next);
            let across = (windows.start < y_width).then(|| columns.taps(windows.start))?;
            next = windows.end;
            Some(Stretch {
                windows,
                taps: [down.count, across.count],
                divisor: divisor(kind, [&down, &across]),
                start: down.start * x_width + across.start,
                row_step: down.step * x_width,
                tap_step: across.step,
                window_step: columns.step(),
            })
        })
    }
}

impl Stretch {
    /// Where the first tap of a window lies, if it sees any.
    #[inline(always)]
    pub(super) fn first(&self, window: usize) -> isize {
        self.start + ((window - self.windows.start) * self.window_step) as isize
    }

    /// The position in a plane of a tap of the window whose first tap lies at `first`.
    #[inline(always)]
    pub(super) fn tap(&self, first: isize, [row, tap]: [usize; 2]) -> usize {
        (first + row as isize * self.row_step + tap as isize * self.tap_step) as usize * BLOCK
    }
}

#[inline]
fn divisor(kind: PoolKind, [rows, columns]: [&Taps; 2]) -> f32 {
    match kind {
        PoolKind::Avg { count_include_pad: true } => (rows.padded * columns.padded) as f32,
        PoolKind::Avg { count_include_pad: false } | PoolKind::AdaptiveAvg => {
            (rows.count * columns.count) as f32
        }
        PoolKind::Max => 1.0,
    }
}
