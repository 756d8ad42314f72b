//! Steps across or along the channels: maxout, softmax, gates.

use super::{Elt, Map};

/// Maximum over groups of adjacent channels (Goodfellow et al. 2013): `y[c] = max over j < pieces of x[c * pieces + j]`.
/// On a tie the first takes the gradient; NaN wins.
#[derive(Clone, Copy, Debug)]
pub struct Maxout {
    /// The layer's name.
    pub name: &'static str,
    /// Input, `[C * pieces, H, W]`.
    pub x: Map,
    /// Output, `[C, H, W]`.
    pub y: Map,
    /// Channels in a group.
    pub pieces: usize,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of [`Maxout`].
#[derive(Clone, Copy, Debug)]
pub struct MaxoutGrad {
    /// The layer's name.
    pub name: &'static str,
    /// The forward input.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the input.
    pub dx: Map,
    /// Channels in a group.
    pub pieces: usize,
    /// Applied to `dx` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Softmax over the channels of each position: `y = exp(x - max) / sum exp(x - max)`.
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    /// The layer's name.
    pub name: &'static str,
    /// Input.
    pub x: Map,
    /// Output.
    pub y: Map,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of [`Softmax`]: `dx[c] = y[c] * (dy[c] - sum over c' of dy[c'] * y[c'])`.
#[derive(Clone, Copy, Debug)]
pub struct SoftmaxGrad {
    /// The layer's name.
    pub name: &'static str,
    /// The forward output.
    pub y: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the input.
    pub dx: Map,
    /// Applied to `dx` before it is stored.
    pub epilogue: &'static [Elt],
}

/// A gate for each channel: `y[c, ·] = x[c, ·] * gate[c]` (Hu et al. 2018).
#[derive(Clone, Copy, Debug)]
pub struct Gate {
    /// The layer's name.
    pub name: &'static str,
    /// Input; also the gradient of the output, for the gradient of the input.
    pub x: Map,
    /// `[C, 1, 1]` factors.
    pub gate: Map,
    /// Output.
    pub y: Map,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of a [`Gate`]'s factors: `dgate[c] = sum over positions of dy[c, ·] * x[c, ·]`.
#[derive(Clone, Copy, Debug)]
pub struct GateGrad {
    /// The layer's name.
    pub name: &'static str,
    /// The forward input.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the factors, `[C, 1, 1]`.
    pub dgate: Map,
    /// Applied to `dgate` before it is stored.
    pub epilogue: &'static [Elt],
}
