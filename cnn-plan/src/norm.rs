//! Normalisation steps: batch norm's statistics and sums, local response normalisation.

use super::{Elt, Map, Normalize};
use crate::source::plain;

/// Statistics of each channel over the batch and all positions (Ioffe and Szegedy 2015): mean and biased variance go to
/// `stats`, and the running ones move by torch's rule, `running = (1 - momentum) * running + momentum * batch`, with the
/// unbiased variance. One value a channel leaves its variance at the biased one.
#[derive(Clone, Copy, Debug)]
pub struct BatchStats {
    /// The layer's name.
    pub name: &'static str,
    /// Input.
    pub x: Map,
    /// Where the statistics go, see [`Normalize::stats`].
    pub stats: usize,
    /// Added to the variance.
    pub eps: f32,
    /// Weight of the new batch in the running statistics.
    pub momentum: f32,
    /// Offset of the running mean among the parameters.
    pub running_mean: usize,
    /// Offset of the running variance.
    pub running_var: usize,
}

/// Gradients of batch norm's scale and shift, summed over the batch and all positions; *overwrites* them:
/// `dbeta[c] = sum dy`, `dgamma[c] = sum dy * (x - mean[c]) * inv_std[c]`.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormSums {
    /// The layer's name.
    pub name: &'static str,
    /// The forward input.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Statistics and gradients.
    pub normalize: Normalize,
}

plain! {
    /// Local response normalisation across channels (Krizhevsky et al. 2012, with torch's scaling):
    /// `s[c] = k + alpha / size * sum over size channels around c of x²`, `y[c] = x[c] / s[c]^beta`. The window of an even
    /// size reaches `size / 2` channels back and `(size - 1) / 2` ahead.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Response {
        /// Channels in the window.
        pub size: usize,
        /// Scale of the squares.
        pub alpha: f32,
        /// Exponent.
        pub beta: f32,
        /// Offset.
        pub k: f32,
    }
}

impl Response {
    /// Largest [`Response::size`]: engines lay a few pixels' channels and their windows out in a buffer of fixed size.
    pub const MAX_SIZE: usize = 511;
}

/// See [`Response`].
#[derive(Clone, Copy, Debug)]
pub struct Lrn {
    /// The layer's name.
    pub name: &'static str,
    /// Input.
    pub x: Map,
    /// Output.
    pub y: Map,
    /// Hyper-parameters.
    pub response: Response,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of [`Lrn`]:
/// `dx[c] = dy[c] / s[c]^beta - 2 alpha beta / size * x[c] * sum over c' whose window holds c of dy[c'] x[c'] / s[c']^(beta + 1)`.
#[derive(Clone, Copy, Debug)]
pub struct LrnGrad {
    /// The layer's name.
    pub name: &'static str,
    /// The forward input.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the input.
    pub dx: Map,
    /// Hyper-parameters.
    pub response: Response,
    /// Applied to `dx` before it is stored.
    pub epilogue: &'static [Elt],
}
