//! Every output block sums taps of the input with packed filters: what convolution and its
//! transpose have in common.
//!
//! Rows of the input that fit a cache stay there while all channels that see them are computed, a
//! few output blocks at a time.

use std::ops::Range;

use super::{
    axis::{Axis, Run},
    epilogue::Epilogue,
    memory::Span,
    simd::{
        Isa,
        tile::{Channels, Level, Start, Tile},
    },
};
use crate::plan::{BLOCK, Layout, Map};

/// Bytes of the input that stay in the second cache while all outputs that see them are computed.
pub(super) const CACHED: usize = 192 << 10;

/// How the groups of channels lie in blocks, which decides what computes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Groups {
    /// A channel each, at the same place in both maps.
    Depthwise,
    /// They share output blocks: computed channel by channel.
    Ragged,
    /// They are made of whole output blocks.
    Blocks,
}

/// What a sum over channels and taps needs, without its samples.
#[derive(Clone, Copy)]
pub(super) struct Correlation<'a> {
    pub(super) isa: Isa,
    pub(super) x: Map,
    pub(super) y: Map,
    /// Input channels that one output sees.
    pub(super) inputs: usize,
    /// Output channels of a group.
    pub(super) outputs: usize,
    pub(super) kernel: [usize; 2],
    pub(super) filters: Span<'a>,
    pub(super) bias: Option<Span<'a>>,
}

/// A few output blocks of the same group, computed together.
#[derive(Clone, Copy)]
struct Blocks {
    first: usize,
    count: usize,
    /// First input channel of their group.
    input: usize,
}

impl Correlation<'_> {
    /// Multiply-accumulates of one sample.
    pub(super) fn work(&self) -> u64 {
        (self.y.len() * self.inputs * self.kernel[0] * self.kernel[1]) as u64
    }

    /// How its groups lie in blocks.
    pub(super) fn groups(&self) -> Groups {
        if self.inputs == 1 && self.outputs == 1 && are_depthwise(&self.x, &self.y) {
            Groups::Depthwise
        } else if self.outputs != self.y.channels && !self.outputs.is_multiple_of(BLOCK) {
            Groups::Ragged
        } else {
            Groups::Blocks
        }
    }

    /// How often a group's outputs are computed a few blocks at a time.
    fn turns(&self) -> usize {
        self.outputs.div_ceil(self.isa.profile().blocks() * BLOCK)
    }

    /// Independent parts of the output channels.
    pub(super) fn parts(&self) -> usize {
        match self.groups() {
            Groups::Depthwise => self.y.channels.div_ceil(BLOCK),
            Groups::Ragged => 1,
            Groups::Blocks => self.y.channels / self.outputs * self.turns(),
        }
    }

    /// Parts of the output rows, of which there are `lines`: all channels of one, then of the next.
    pub(super) fn chunks(&self, lines: usize) -> usize {
        (self.x.len() * size_of::<f32>()).div_ceil(CACHED).clamp(1, lines.max(1))
    }

    /// One part of the channels of some rows, where groups are made of whole blocks.
    pub(super) fn run(
        &self,
        part: usize,
        lines: Range<usize>,
        (rows, columns): (&Axis, &Axis),
        x: Span,
        epilogue: &Epilogue,
    ) {
        let (group, turn) = (part / self.turns(), part % self.turns());
        let (of_group, few) = (self.outputs.div_ceil(BLOCK), self.isa.profile().blocks());
        let blocks = Blocks {
            first: group * of_group + few * turn,
            count: few.min(of_group - few * turn),
            input: group * self.inputs,
        };
        for row_run in rows.runs(lines) {
            for column_run in columns.runs(0..columns.out_count) {
                self.rectangle(blocks, (rows, &row_run), (columns, &column_run), x, epilogue);
            }
        }
    }

    /// Outputs that all see the same taps: rows of tiles, or columns of tiles where that fills them
    /// better.
    fn rectangle(
        &self,
        blocks: Blocks,
        (rows, row_run): (&Axis, &Run),
        (columns, column_run): (&Axis, &Run),
        x: Span,
        epilogue: &Epilogue,
    ) {
        let taps = (row_run.taps.clone(), column_run.taps.clone());
        let strip = Strip { blocks, rows, columns, taps, x, epilogue };
        let limit = self.isa.profile().pixels(blocks.count.next_power_of_two());
        let upright = column_run.outputs.len() < limit && column_run.outputs.len() < row_run.outputs.len();
        let (lines, along) = if upright {
            (column_run.outputs.clone(), row_run.outputs.clone())
        } else {
            (row_run.outputs.clone(), column_run.outputs.clone())
        };
        for line in lines {
            let (row, column) = if upright { (along.start, line) } else { (line, along.start) };
            self.tile(&strip, upright, [row, column], along.len());
        }
    }

    fn tile(&self, strip: &Strip, upright: bool, [row, column]: [usize; 2], pixels: usize) {
        let Strip { blocks, rows, columns, taps, x, epilogue } = strip;
        let [height, width] = self.kernel;
        let (x_unit, x_row, mut channels) = self.channels(blocks.input);
        // Where a stride skips all taps, there is no channel to go through either.
        if taps.0.is_empty() || taps.1.is_empty() {
            channels.count = 0;
        }
        let axis = if upright { rows } else { columns };
        let unit_of = |row: usize, column: usize| if upright { row } else { column };
        let w_area = height * width * BLOCK;
        let tile = Tile {
            pixels,
            blocks: blocks.count,
            start: match self.bias {
                Some(bias) => Start::Bias(bias.from(blocks.first * BLOCK)),
                None => Start::Zero,
            },
            channels,
            rows: Level {
                count: taps.0.len(),
                x: rows.tap_step * x_row as isize,
                w: (rows.filter_step * width * BLOCK) as isize,
            },
            columns: Level {
                count: taps.1.len(),
                x: columns.tap_step * x_unit as isize,
                w: (columns.filter_step * BLOCK) as isize,
            },
            x_pixel: axis.in_step * unit_of(x_row, x_unit),
            w_block: self.inputs * w_area,
            y_pixel: axis.out_step * unit_of(self.y.width * BLOCK, BLOCK),
            y_block: self.y.height * self.y.width * BLOCK,
        };
        let from = rows.input(row, taps.0.start) * x_row as isize
            + columns.input(column, taps.1.start) * x_unit as isize;
        let tap = rows.filter(taps.0.start) * width + columns.filter(taps.1.start);
        let filter = blocks.first * self.inputs * w_area + tap * BLOCK;
        let to = self.y.index(blocks.first * BLOCK, rows.output(row), columns.output(column));
        tile.run(self.isa, (*x, from), (self.filters, filter as isize), (epilogue.y, to as isize));
        for block in 0..blocks.count {
            epilogue.apply(to + block * tile.y_block, tile.y_pixel, pixels);
        }
    }

    /// Floats between columns and between rows of the input, and its channels from `first` on.
    fn channels(&self, first: usize) -> (usize, usize, Channels) {
        let plane = self.x.height * self.x.width;
        let (shift, unit) = match self.x.layout {
            Layout::Blocked => (BLOCK.trailing_zeros(), BLOCK),
            Layout::Planar => (0, 1),
        };
        let w = self.kernel[0] * self.kernel[1] * BLOCK;
        let channels = Channels { first, count: self.inputs, shift, block: plane * unit, w };
        (unit, self.x.width * unit, channels)
    }
}

/// Whether maps allow a convolution of each channel by itself, eight at a time.
pub(super) fn are_depthwise(x: &Map, y: &Map) -> bool {
    x.layout == Layout::Blocked && x.channels == y.channels
}

/// What the tiles of a rectangle share.
struct Strip<'a> {
    blocks: Blocks,
    rows: &'a Axis,
    columns: &'a Axis,
    taps: (Range<usize>, Range<usize>),
    x: Span<'a>,
    epilogue: &'a Epilogue<'a>,
}
