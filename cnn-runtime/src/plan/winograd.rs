//! Room for Winograd's algorithm: convolutions of 3x3 with stride 1 in tiles of 4x4 outputs, at 36 points.

use super::{BLOCK, padded};

/// Where a convolution may keep filters and tiles at the points. An engine that computes it otherwise leaves the room unused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Winograd {
    /// Offset in the arena's fixed part of [`Winograd::filters_len`] floats.
    pub filters: usize,
    /// Offset in each sample's slab of [`Winograd::tiles_len`] floats for the input and then as for the output.
    pub work: usize,
    /// Tiles that are there at a time.
    pub tiles: usize,
}

/// Floats that keep points apart: at a distance of whole pages, they would compete for the same cache sets.
const SKEW: usize = 2 * BLOCK;

impl Winograd {
    /// Points at which a tile is known.
    pub const POINTS: usize = 36;

    /// Floats from one point of the filters to the next, `[ceil(O/8)][I][8]`.
    pub const fn filters_of_point(inputs: usize, outputs: usize) -> usize {
        padded(outputs) * inputs + SKEW
    }

    /// Floats of the filters.
    pub const fn filters_len(inputs: usize, outputs: usize) -> usize {
        Winograd::POINTS * Winograd::filters_of_point(inputs, outputs)
    }

    /// Floats from one point of the tiles of a map to the next, `[ceil(C/8)][tiles][8]`.
    pub const fn tiles_of_point(channels: usize, tiles: usize) -> usize {
        padded(channels) * tiles + SKEW
    }

    /// Floats of the tiles of a map.
    pub const fn tiles_len(channels: usize, tiles: usize) -> usize {
        Winograd::POINTS * Winograd::tiles_of_point(channels, tiles)
    }
}
