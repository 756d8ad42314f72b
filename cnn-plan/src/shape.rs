//! Steps that only move or pass values: element-wise chains, copies, padding and cropping.

use super::{Elt, Map};

/// Moves a map within a frame of another size: `y[c, r, q] = x[c, r - top, q - left]`, zero outside `x`. Zero padding has
/// positive offsets, cropping negative ones, and each is the other's gradient.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The layer's name.
    pub name: &'static str,
    /// Input.
    pub x: Map,
    /// Output, of the same channels.
    pub y: Map,
    /// Row of `y` at which row 0 of `x` stands.
    pub top: isize,
    /// Column of `y` at which column 0 of `x` stands.
    pub left: isize,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// A chain of element-wise operations on a map of the same shape; `x` and `y` may be the same place.
#[derive(Clone, Copy, Debug)]
pub struct Elementwise {
    /// The layer's name.
    pub name: &'static str,
    /// Input.
    pub x: Map,
    /// Output.
    pub y: Map,
    /// Applied in order.
    pub ops: &'static [Elt],
}

/// Copies channels between maps whose order or alignment differs, where sharing storage is impossible. Elements are
/// addressed in `[C, H, W]` order on both sides, so this also flattens a blocked map to `[C*H*W, 1, 1]` and back.
#[derive(Clone, Copy, Debug)]
pub struct Copy {
    /// The layer's name.
    pub name: &'static str,
    /// Source.
    pub x: Map,
    /// First element read, in `[C, H, W]` order.
    pub x_start: usize,
    /// Destination.
    pub y: Map,
    /// First element written, in `[C, H, W]` order.
    pub y_start: usize,
    /// Elements copied.
    pub count: usize,
}
