//! Room for Winograd's algorithm: convolutions of 3x3 with stride 1 in tiles of 4x4 outputs, at 36
//! points.

use crate::{Addressing, BLOCK, Placed, Readdress, padded, source::plain};

plain! {
    /// Where a convolution may keep filters and tiles at the points. An engine that computes it
    /// otherwise leaves the room unused.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Winograd<A: Addressing = Placed> {
        /// Offset in the arena's fixed part of [`Winograd::filters_len`] floats.
        pub filters: A::Area,
        /// Offset in the fixed part of [`Winograd::work_len`] floats.
        pub work: A::Area,
        /// Tiles of both maps that there is room for, in as many pieces as an engine divides it
        /// into, of 12 tiles or more.
        pub tiles: usize,
    }
}

/// Floats that keep points apart: at a distance of whole pages, they would compete for the same
/// cache sets.
const SKEW: usize = 2 * BLOCK;
/// Tiles of the smallest piece whose skew is planned for.
const PIECE: usize = 12;

impl<A: Addressing> Winograd<A> {
    pub(crate) fn readdress<B: Addressing>(&self, to: &dyn Readdress<A, B>) -> Winograd<B> {
        Winograd { filters: to.area(self.filters), work: to.area(self.work), tiles: self.tiles }
    }
}

impl Winograd {
    /// Points at which a tile is known.
    pub const POINTS: usize = 36;

    /// Floats from one point of the filters to the next, `[ceil(O/8)][I][8]`.
    #[inline]
    pub const fn filters_of_point(inputs: usize, outputs: usize) -> usize {
        padded(outputs) * inputs + SKEW
    }

    /// Floats of the filters.
    #[inline]
    pub const fn filters_len(inputs: usize, outputs: usize) -> usize {
        Winograd::POINTS * Winograd::filters_of_point(inputs, outputs)
    }

    /// Floats from one point of the tiles of a map to the next, `[ceil(C/8)][tiles][8]`.
    #[inline]
    pub const fn tiles_of_point(channels: usize, tiles: usize) -> usize {
        padded(channels) * tiles + SKEW
    }

    /// Floats of the tiles of a map.
    #[inline]
    pub const fn tiles_len(channels: usize, tiles: usize) -> usize {
        Winograd::POINTS * Winograd::tiles_of_point(channels, tiles)
    }

    /// Floats of the tiles of two maps.
    #[inline]
    pub const fn work_len(inputs: usize, outputs: usize, tiles: usize) -> usize {
        let channels = padded(inputs) + padded(outputs);
        Winograd::POINTS * (channels * tiles + 2 * SKEW * tiles.div_ceil(PIECE))
    }

    /// Tiles of both maps that fit so many floats.
    #[inline]
    pub const fn tiles_in(len: usize, inputs: usize, outputs: usize) -> usize {
        (len / Winograd::POINTS).saturating_sub(2 * SKEW) / (padded(inputs) + padded(outputs))
    }
}
