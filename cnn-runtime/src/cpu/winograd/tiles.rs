//! Tiles of a map to the points and back, a block of eight channels at a time.
//!
//! At the points, tiles lie side by side: `[36][blocks][tiles][8]`, a few floats more from point to
//! point.

use std::{marker::PhantomData, ops::Range};

use super::transform::{Output, POINTS, TILE, Transform, load_square, store_square};
use crate::{
    cpu::{
        memory::Span,
        simd::{Kernel, Simd},
    },
    plan::{BLOCK, Map},
};

/// How tiles cover the outputs: in rows, the last of each row and column perhaps in part.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Grid {
    pub(super) fn of(y: &Map) -> Grid {
        Grid { columns: y.width.div_ceil(TILE), rows: y.height.div_ceil(TILE) }
    }

    pub(super) fn tiles(&self) -> usize {
        self.columns * self.rows
    }

    /// Row and column of a tile's first output.
    fn place(&self, tile: usize) -> [usize; 2] {
        [tile / self.columns * TILE, tile % self.columns * TILE]
    }

    /// Tiles in pieces that lie in one row each.
    pub(super) fn strips(&self, tiles: Range<usize>) -> impl Iterator<Item = Strip> {
        let grid = *self;
        let mut next = tiles.start;
        std::iter::from_fn(move || {
            let start = next;
            next = tiles.end.min((start / grid.columns + 1) * grid.columns);
            let [row, column] = grid.place(start);
            (start < tiles.end).then_some(Strip { tiles: start..next, row, column })
        })
    }
}

/// Neighbouring tiles of a row, and the place of their first output.
pub(super) struct Strip {
    pub(super) tiles: Range<usize>,
    pub(super) row: usize,
    pub(super) column: usize,
}

/// Squares of `FROM` x `FROM`, one a tile, of one block of a map, zero around it, transformed by
/// `T`.
pub(super) struct ToPoints<'a, T, const FROM: usize> {
    pub(super) map: &'a Map,
    /// The block.
    pub(super) x: Span<'a>,
    /// Rows above and columns left of the map that the first square covers.
    pub(super) pad: [usize; 2],
    pub(super) strip: Strip,
    /// The first tile at the first point.
    pub(super) points: Span<'a>,
    /// Floats from point to point.
    pub(super) distance: usize,
    pub(super) transform: PhantomData<T>,
}

impl<T: Transform<FROM, POINTS>, const FROM: usize> Kernel for ToPoints<'_, T, FROM> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (above, left) = (self.pad[0] as isize, self.pad[1] as isize);
        let row = self.strip.row as isize - above;
        for tile in 0..self.strip.tiles.len() {
            let column = (self.strip.column + tile * TILE) as isize - left;
            let values = T::square(simd, self.square(simd, [row, column]));
            store_square(simd, values, self.points.from(tile * BLOCK), self.distance);
        }
    }
}

impl<T, const FROM: usize> ToPoints<'_, T, FROM> {
    #[inline(always)]
    fn square<S: Simd>(&self, simd: S, [row, column]: [isize; 2]) -> [[S::V; FROM]; FROM] {
        let Map { height, width, .. } = *self.map;
        let mut square = [[simd.splat(0.0); FROM]; FROM];
        if is_inside(row, FROM, height) && is_inside(column, FROM, width) {
            let x = self.x.from((row as usize * width + column as usize) * BLOCK);
            for (row, values) in square.iter_mut().enumerate() {
                let x = x.part(row * width * BLOCK, FROM * BLOCK);
                for (column, value) in values.iter_mut().enumerate() {
                    *value = x.load(simd, column * BLOCK);
                }
            }
            return square;
        }
        for (row, values) in (row..).zip(&mut square) {
            for (column, value) in (column..).zip(values) {
                if is_inside(row, 1, height) && is_inside(column, 1, width) {
                    *value = self.x.load(simd, (row as usize * width + column as usize) * BLOCK);
                }
            }
        }
        square
    }
}

/// Whether `len` places along an axis lie inside the map.
#[inline(always)]
fn is_inside(place: isize, len: usize, size: usize) -> bool {
    place >= 0 && place + len as isize <= size as isize
}

/// `Aᵀ m A` for tiles of one block of `y`.
pub(super) struct FromPoints<'a> {
    pub(super) map: &'a Map,
    /// The block.
    pub(super) y: Span<'a>,
    /// Added to each output.
    pub(super) bias: Option<Span<'a>>,
    pub(super) strip: &'a Strip,
    /// The first tile at the first point.
    pub(super) points: Span<'a>,
    /// Floats from point to point.
    pub(super) distance: usize,
}

impl Kernel for FromPoints<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Map { height, width, .. } = *self.map;
        let bias = self.bias.map_or(simd.splat(0.0), |bias| bias.load(simd, 0));
        let rows = TILE.min(height - self.strip.row);
        for tile in 0..self.strip.tiles.len() {
            let points = load_square(simd, self.points.from(tile * BLOCK), self.distance);
            let values = Output::square(simd, points);
            let column = self.strip.column + tile * TILE;
            let columns = TILE.min(width - column);
            let start = (self.strip.row * width + column) * BLOCK;
            for (row, values) in values[..rows].iter().enumerate() {
                for (column, value) in values[..columns].iter().enumerate() {
                    let sum = simd.add(*value, bias);
                    self.y.store(simd, start + (row * width + column) * BLOCK, sum);
                }
            }
        }
    }
}
