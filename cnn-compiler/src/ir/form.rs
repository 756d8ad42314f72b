//! Storage order: how one sample of a value is laid out, without saying where.
//!
//! The same as `cnn_runtime::plan::Map` without its offset.

/// Channels in a block of a [`Layout::Blocked`] map; `cnn_runtime::plan::BLOCK`.
pub const BLOCK: usize = 8;

/// `count` rounded up to whole blocks.
pub fn padded(count: usize) -> usize {
    count.next_multiple_of(BLOCK)
}

/// The order of a map's elements within one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `[ceil(C/8)][H][W][8]`
    Blocked,
    /// `[C][H][W]`; only the network's input
    Planar,
}

/// How a value is stored: a flat value may keep the shape of the map that it was flattened from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Form {
    pub shape: [usize; 3],
    pub layout: Layout,
}

impl Form {
    /// Blocked storage of a `[C, H, W]` or `[N]` value in its own shape.
    pub fn of(shape: &[usize]) -> Form {
        let shape = match *shape {
            [channels, height, width] => [channels, height, width],
            [features] => [features, 1, 1],
            _ => panic!("only maps and flat values are stored in the arena, not {shape:?}"),
        };
        Form { shape, layout: Layout::Blocked }
    }

    /// The same shape in the order in which all but the network's input is stored.
    pub fn blocked(self) -> Form {
        Form { layout: Layout::Blocked, ..self }
    }

    /// Elements, without padding.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Floats of one sample, padding lanes included.
    pub fn len(&self) -> usize {
        let [channels, height, width] = self.shape;
        match self.layout {
            Layout::Blocked => padded(channels) * height * width,
            Layout::Planar => channels * height * width,
        }
    }
}

/// Floats that Winograd's algorithm keeps at its points; `cnn_runtime::plan::Winograd`.
pub mod winograd {
    use super::{BLOCK, padded};

    const POINTS: usize = 36;
    const SKEW: usize = 2 * BLOCK;
    const PIECE: usize = 12;

    /// Filters between so many channels.
    pub fn filters_len(inputs: usize, outputs: usize) -> usize {
        POINTS * (padded(outputs) * inputs + SKEW)
    }

    /// Tiles of two maps of so many channels.
    pub fn work_len(inputs: usize, outputs: usize, tiles: usize) -> usize {
        POINTS * ((padded(inputs) + padded(outputs)) * tiles + 2 * SKEW * tiles.div_ceil(PIECE))
    }
}
