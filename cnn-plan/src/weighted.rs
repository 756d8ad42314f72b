//! Steps with weights: convolution and dense layers, forward and backward.

use super::{Elt, Map, Window, Winograd};

/// Convolution: `y[o] = bias[o] + sum over i, taps of x[i] * filter[o][i]`, then the epilogue.
#[derive(Clone, Copy, Debug)]
pub struct Conv {
    /// The layer's name.
    pub name: &'static str,
    /// Input.
    pub x: Map,
    /// Output.
    pub y: Map,
    /// Kernel geometry.
    pub window: Window,
    /// Channel groups: output group g sees only input group g.
    pub groups: usize,
    /// Offset of the filters among the parameters.
    pub filter: usize,
    /// Offset of the bias among the parameters.
    pub bias: Option<usize>,
    /// Room for Winograd's algorithm, if it is worth it; such a step stands outside of regions.
    pub winograd: Option<Winograd>,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of a convolution's input: `dx[i] = sum over o, taps of dy[o] * filter[o][i]`, as a gather.
#[derive(Clone, Copy, Debug)]
pub struct ConvInputGrad {
    /// The layer's name.
    pub name: &'static str,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the input.
    pub dx: Map,
    /// Kernel geometry of the forward convolution.
    pub window: Window,
    /// Channel groups.
    pub groups: usize,
    /// Offset of the filters among the parameters.
    pub filter: usize,
    /// Where in the arena's fixed part the transposed filters may be built:
    /// `padded(input channels) * output channels / groups * kernel area` floats.
    pub scratch: usize,
    /// Room for Winograd's algorithm, as for [`Conv`]; the filters may lie where `scratch` does.
    pub winograd: Option<Winograd>,
    /// Applied to `dx` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of a convolution's filters and bias, summed over the batch: *overwrites* the gradient.
#[derive(Clone, Copy, Debug)]
pub struct ConvFilterGrad {
    /// The layer's name.
    pub name: &'static str,
    /// The forward input.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Kernel geometry.
    pub window: Window,
    /// Channel groups.
    pub groups: usize,
    /// Offset of the filter gradient among the gradients (the same as among the parameters).
    pub filter: usize,
    /// Offset of the bias gradient.
    pub bias: Option<usize>,
    /// Room for Winograd's algorithm, whose sums take the place of filters.
    pub winograd: Option<Winograd>,
}

/// Dense layer over all elements of `x`, in storage order: `y = W x + b`, then the epilogue. `y` is `[N, 1, 1]`.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// The layer's name.
    pub name: &'static str,
    /// Input, of any shape.
    pub x: Map,
    /// Output.
    pub y: Map,
    /// Offset of the weights among the parameters.
    pub weight: usize,
    /// Offset of the bias among the parameters.
    pub bias: Option<usize>,
    /// Applied to `y` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of a dense layer's input: `dx = transpose(W) dy`.
#[derive(Clone, Copy, Debug)]
pub struct DenseInputGrad {
    /// The layer's name.
    pub name: &'static str,
    /// Gradient of the output.
    pub dy: Map,
    /// Gradient of the input.
    pub dx: Map,
    /// Offset of the weights among the parameters.
    pub weight: usize,
    /// Applied to `dx` before it is stored.
    pub epilogue: &'static [Elt],
}

/// Gradient of a dense layer's weights and bias, summed over the batch: *overwrites* the gradient.
#[derive(Clone, Copy, Debug)]
pub struct DenseWeightGrad {
    /// The layer's name.
    pub name: &'static str,
    /// The forward input.
    pub x: Map,
    /// Gradient of the output.
    pub dy: Map,
    /// Offset of the weight gradient among the gradients.
    pub weight: usize,
    /// Offset of the bias gradient.
    pub bias: Option<usize>,
}
