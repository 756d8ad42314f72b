//! Pooling steps.

use super::{Elt, Map, Window};
use crate::source::plain;

plain! {
    /// What a pooling window yields.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum PoolKind {
        /// The largest element; padding never wins. On a tie the first in row-major order takes the gradient; NaN wins.
        Max,
        /// The mean over windows that cover the input evenly, whatever the output's size: output row `r` of `R` averages input rows
        /// `floor(r * H / R)` up to `ceil((r + 1) * H / R)`, and columns alike. The step's window is not used.
        AdaptiveAvg,
        /// The mean.
        Avg {
            /// Divide by the window's area within the padded input (`true`, torch's default) or by the taps inside the input.
            count_include_pad: bool,
        },
    }
}

/// Pooling, then the epilogue.
#[derive(Clone, Copy, Debug)]
pub struct Pool {
    /// The layer's name.
    pub name: &'static str,
    /// Maximum or average.
    pub kind: PoolKind,
    /// Input.
    pub x: Map,
    /// Output.
    pub y: Map,
    /// Window geometry.
    pub window: Window,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of pooling, as a gather: every element of `dx` is written once.
#[derive(Clone, Copy, Debug)]
pub struct PoolGrad {
    /// The layer's name.
    pub name: &'static str,
    /// Maximum or average.
    pub kind: PoolKind,
    /// The forward input, for the maximum; what stands here for an average is not read.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the input.
    pub dx: Map,
    /// Window geometry.
    pub window: Window,
    /// Applied to `dx` before it is stored.
    pub epilogue: &'static [Elt],
}
