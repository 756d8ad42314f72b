//! Every output block sums taps of the input with packed filters: what convolution and its transpose have in common.
//!
//! Rows of the input that fit a cache stay there while all channels that see them are computed, two output blocks at a time.

use super::{
    axis::{Axis, Run},
    conv_depthwise, conv_ragged,
    epilogue::Epilogue,
    memory::Span,
    simd::tile::{Channels, Level, PIXELS, Start, Tile, pixels_of},
    split,
};
use crate::plan::{BLOCK, Layout, Map};

/// Bytes of the input that stay in the second cache while all outputs that see them are computed.
pub(super) const CACHED: usize = 192 << 10;

/// What a sum over channels and taps needs, without its samples.
#[derive(Clone, Copy)]
pub(super) struct Correlation<'a> {
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

/// One or two output blocks of the same group, computed together.
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

    /// Groups whose outputs do not fill blocks are computed channel by channel.
    fn is_ragged(&self) -> bool {
        self.outputs != self.y.channels && !self.outputs.is_multiple_of(BLOCK)
    }

    fn is_depthwise(&self) -> bool {
        self.inputs == 1 && self.outputs == 1 && conv_depthwise::applies(&self.x, &self.y)
    }

    fn pairs(&self) -> usize {
        self.outputs.div_ceil(2 * BLOCK)
    }

    /// Independent parts of the output channels.
    pub(super) fn parts(&self) -> usize {
        if self.is_depthwise() {
            self.y.channels.div_ceil(BLOCK)
        } else if self.is_ragged() {
            1
        } else {
            self.y.channels / self.outputs * self.pairs()
        }
    }

    /// Parts of the output rows, of which there are `lines`: all channels of one, then of the next.
    pub(super) fn chunks(&self, lines: usize) -> usize {
        (self.x.len() * size_of::<f32>()).div_ceil(CACHED).clamp(1, lines.max(1))
    }

    /// One part of the channels of one of `chunks` parts of the rows.
    pub(super) fn run(
        &self,
        [chunks, piece]: [usize; 2],
        (rows, columns): (&Axis, &Axis),
        x: Span,
        epilogue: &Epilogue,
    ) {
        let (chunk, part) = (piece / self.parts(), piece % self.parts());
        let lines = split::part(rows.out_count, chunks, chunk);
        if self.is_depthwise() {
            return conv_depthwise::correlate(self, part, lines, (rows, columns), x, epilogue);
        }
        if self.is_ragged() {
            return conv_ragged::correlate(self, lines, (rows, columns), x, epilogue);
        }
        let (group, pair) = (part / self.pairs(), part % self.pairs());
        let of_group = self.outputs.div_ceil(BLOCK);
        let blocks = Blocks {
            first: group * of_group + 2 * pair,
            count: 2.min(of_group - 2 * pair),
            input: group * self.inputs,
        };
        for row_run in rows.runs(lines) {
            for column_run in columns.runs(0..columns.out_count) {
                self.rectangle(blocks, (rows, &row_run), (columns, &column_run), x, epilogue);
            }
        }
    }

    /// Outputs that all see the same taps: rows of tiles, or columns of tiles where that fills them better.
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
        let upright = column_run.outputs.len() < PIXELS && column_run.outputs.len() < row_run.outputs.len();
        let (lines, along) = if upright {
            (column_run.outputs.clone(), row_run.outputs.clone())
        } else {
            (row_run.outputs.clone(), column_run.outputs.clone())
        };
        let prefetches = self.kernel == [1, 1] && !upright;
        let limit = if prefetches { pixels_of(blocks.count) } else { along.len() };
        let tiles = along.len().div_ceil(limit);
        for line in lines {
            for tile in 0..tiles {
                let pixels = split::part(along.len(), tiles, tile);
                let first = along.start + pixels.start;
                let (row, column) = if upright { (first, line) } else { (line, first) };
                if prefetches {
                    self.prefetch(&strip, [row, column + pixels.len()], limit);
                }
                self.tile(&strip, upright, [row, column], pixels.len());
            }
        }
    }

    /// Asks for what the next tile of a pointwise convolution sees: a few pixels of each block of channels, too scattered for
    /// the processor to foresee.
    fn prefetch(&self, strip: &Strip, [row, column]: [usize; 2], pixels: usize) {
        if self.x.layout == Layout::Planar || strip.taps.0.is_empty() || strip.taps.1.is_empty() {
            return;
        }
        let row = strip.rows.input(row, strip.taps.0.start);
        let column = strip.columns.input(column, strip.taps.1.start);
        let start = self.x.index(strip.blocks.input, row as usize, column as usize);
        let line = 2 * BLOCK;
        for block in 0..self.inputs.div_ceil(BLOCK) {
            let block = start + block * self.x.height * self.x.width * BLOCK;
            for pixel in (0..pixels * strip.columns.in_step * BLOCK).step_by(line) {
                strip.x.prefetch(block + pixel);
            }
        }
    }

    fn tile(&self, strip: &Strip, upright: bool, [row, column]: [usize; 2], pixels: usize) {
        let Strip { blocks, rows, columns, taps, x, epilogue } = strip;
        let [height, width] = self.kernel;
        let (x_unit, x_row, channels) = self.channels(blocks.input);
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
        tile.run(
            epilogue.frame.isa(),
            (*x, from),
            (self.filters, filter as isize),
            (epilogue.y, to as isize),
        );
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

/// What the tiles of a rectangle share.
struct Strip<'a> {
    blocks: Blocks,
    rows: &'a Axis,
    columns: &'a Axis,
    taps: (std::ops::Range<usize>, std::ops::Range<usize>),
    x: Span<'a>,
    epilogue: &'a Epilogue<'a>,
}
