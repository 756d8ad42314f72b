//! The table of steps: everything that an engine runs, one row each.
//!
//! `step.rs` says what a field's role means and what is made of a row. Weights are
//! `W: [O, I/groups, KH, KW]` or `[O, F]`, packed as [`crate::Role`] tells.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::{
    Addressing, LossKind, Map, Operand, Placed, PoolKind, Readdress, Response, SampleAxes, Scope, Shaped,
    Source, TargetKind, Upsampling, Window, Work, padded,
    source::Written,
    step::{epilogue, field, readdress, source, steps, visit},
};

/// What the table says of a step, whatever it is.
pub trait Described<A: Addressing> {
    /// The step's name in lower case, `conv_input_grad`.
    fn kind(&self) -> &'static str;
    /// The layer.
    fn name(&self) -> &A::Name;
    /// Whether it may stand in a region.
    fn scope(&self) -> Scope;
    /// What it has to do for one sample.
    fn work(&self) -> Work;
    /// Calls `visit` for each operand, in the order of the fields.
    fn visit(&self, visit: &mut dyn FnMut(Operand<A>));
    /// The operations that end it, if it has any.
    fn epilogue(&self) -> Option<&A::Epilogue>;
}

impl<A: Addressing> dyn Described<A> + '_ {
    /// All operands, in the order of the fields.
    pub fn operands(&self) -> Vec<Operand<A>> {
        let mut operands = Vec::new();
        self.visit(&mut |operand| operands.push(operand));
        operands
    }

    /// The maps that are read, those of the epilogue last.
    pub fn reads(&self) -> impl Iterator<Item = A::Map> + use<A> {
        self.operands().into_iter().filter_map(|operand| match operand {
            Operand::Read(map) => Some(map),
            Operand::Write(_)
            | Operand::Param(_)
            | Operand::Gradient(_)
            | Operand::ReadGradient(_)
            | Operand::ReadArea(_)
            | Operand::WriteArea(_) => None,
        })
    }

    /// The maps that are written.
    pub fn writes(&self) -> impl Iterator<Item = A::Map> + use<A> {
        self.operands().into_iter().filter_map(|operand| match operand {
            Operand::Write(map) => Some(map),
            Operand::Read(_)
            | Operand::Param(_)
            | Operand::Gradient(_)
            | Operand::ReadGradient(_)
            | Operand::ReadArea(_)
            | Operand::WriteArea(_) => None,
        })
    }
}

/// What an engine offers to generated code.
///
/// An engine's own type need not be shared by threads: only the bodies of regions are.
pub trait Steps {
    /// Runs a chain of per-sample steps. A CPU engine carries each sample through the whole chain
    /// on one thread; a GPU runs the body once for all samples. `macs` is the chain's work for one
    /// sample, by which tiny work stays on one thread.
    fn region(&self, macs: u64, body: &(dyn Fn(&dyn Steps) + Sync));

    /// Runs a step; one of [`Scope::Batch`] stands outside of regions.
    fn step(&self, step: StepRef);
}

steps! {
    /// Convolution: `y[o] = bias[o] + sum over i, taps of x[i] * filter[o][i]`, then the epilogue.
    conv: Conv {
        /// Input.
        x: read,
        /// Filters.
        filter: param,
        /// Bias.
        bias: param_optional,
        /// Output.
        y: write,
        /// Kernel geometry.
        window: attribute(Window),
        /// Channel groups: output group g sees only input group g.
        groups: attribute(usize),
        /// Room for Winograd's algorithm, if it is worth it.
        winograd: winograd,
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |step| unless(step.winograd.is_some()),
    work: |step| convolution(&step.x, &step.y, &step.window, step.groups);

    /// Filters in whatever order the engine's [`ConvInputGrad`] reads them, such as that in which
    /// [`Conv`] would from `dy` to `dx`, or at the points of Winograd's algorithm. No other step
    /// looks.
    transpose_filters: TransposeFilters {
        /// Filters.
        filter: param,
        /// `padded(input channels) * output channels / groups * kernel area` floats, or
        /// [`crate::Winograd::filters_len`].
        filters: write_area,
        /// The shape of the gradient of the output; its place means nothing.
        dy: attribute(Map),
        /// The shape of the gradient of the input; its place means nothing.
        dx: attribute(Map),
        /// Kernel geometry of the forward convolution.
        window: attribute(Window),
        /// Channel groups.
        groups: attribute(usize),
        /// Whether there is room for the filters at the points of Winograd's algorithm.
        winograd: attribute(bool),
    }
    scope: |_| Scope::Batch,
    work: |step| Work::Arrange(2 * weights(&step.dx, &step.dy, &step.window, step.groups));

    /// Gradient of a convolution's input: `dx[i] = sum over o, taps of dy[o] * filter[o][i]`, as a
    /// gather.
    conv_input_grad: ConvInputGrad {
        /// Gradient of the output.
        dy: read,
        /// What [`TransposeFilters`] left.
        filters: read_area,
        /// Gradient of the input.
        dx: write,
        /// Kernel geometry of the forward convolution.
        window: attribute(Window),
        /// Channel groups.
        groups: attribute(usize),
        /// Room for Winograd's algorithm; its filters are `filters`.
        winograd: winograd_filters_ready,
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |step| unless(step.winograd.is_some()),
    work: |step| convolution(&step.dx, &step.dy, &step.window, step.groups);

    /// Gradient of a convolution's filters and bias, summed over the batch: *overwrites* the
    /// gradient.
    conv_filter_grad: ConvFilterGrad {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// The filters.
        filter: gradient,
        /// The bias.
        bias: gradient_optional,
        /// Kernel geometry.
        window: attribute(Window),
        /// Channel groups.
        groups: attribute(usize),
        /// Room for Winograd's algorithm, whose sums take the place of filters.
        winograd: winograd,
    }
    scope: |_| Scope::Batch,
    work: |step| convolution(&step.x, &step.dy, &step.window, step.groups);

    /// Dense layer over all elements of `x`, in storage order: `y = W x + b`, then the epilogue.
    /// `y` is `[N, 1, 1]`.
    dense: Dense {
        /// Input, of any shape.
        x: read,
        /// Weights.
        weight: param,
        /// Bias.
        bias: param_optional,
        /// Output.
        y: write,
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Batch,
    work: |step| product(&step.x, &step.y);

    /// Gradient of a dense layer's input: `dx = transpose(W) dy`.
    dense_input_grad: DenseInputGrad {
        /// Gradient of the output.
        dy: read,
        /// Weights.
        weight: param,
        /// Gradient of the input.
        dx: write,
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Batch,
    work: |step| product(&step.dx, &step.dy);

    /// Gradient of a dense layer's weights and bias, summed over the batch: *overwrites* the
    /// gradient.
    dense_weight_grad: DenseWeightGrad {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// The weights.
        weight: gradient,
        /// The bias.
        bias: gradient_optional,
    }
    scope: |_| Scope::Batch,
    work: |step| product(&step.x, &step.dy);

    /// Pooling, then the epilogue.
    pool: Pool {
        /// Input.
        x: read,
        /// Output.
        y: write,
        /// Maximum or average.
        kind: attribute(PoolKind),
        /// Window geometry.
        window: attribute(Window),
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(step.y.elements().saturating_mul(step.window.taps()));

    /// Gradient of pooling: every element of `dx` is written once.
    pool_grad: PoolGrad {
        /// Gradient of the output.
        dy: read,
        /// The forward input; a maximum has it, an average needs none.
        x: read_optional,
        /// Gradient of the input.
        dx: write,
        /// Maximum or average.
        kind: attribute(PoolKind),
        /// Window geometry.
        window: attribute(Window),
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(step.dy.elements().saturating_mul(step.window.taps()));

    /// A chain of element-wise operations on a map of the same shape; `x` and `y` may be the same
    /// place.
    elementwise: Elementwise {
        /// Input.
        x: read,
        /// Output.
        y: write,
        /// Applied in order.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(step.y.elements() * step.epilogue.as_ref().len());

    /// Gradient of the slopes of [`crate::Elt::Prelu`], summed over the batch, all positions and,
    /// where they share one, all channels; *overwrites* it: `dslope[c] = sum dy * min(x, 0)`.
    prelu_sums: PreluSums {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// The slopes.
        slope: gradient,
        /// Whether all channels share one.
        shared: attribute(bool),
    }
    scope: |_| Scope::Batch,
    work: |step| Work::Touch(step.x.elements());

    /// Adds what two readers of a parameter contribute to its gradient: `sum = first + second`, of
    /// which the first may be the sum so far.
    add_gradient: AddGradient {
        /// The parameter.
        sum: gradient,
        /// The gradient of one reader, or of those before.
        first: read_gradient,
        /// The gradient of another reader.
        second: read_gradient,
        /// Floats of the packed gradient.
        len: attribute(usize),
    }
    scope: |_| Scope::Batch,
    work: |step| Work::Arrange(2 * step.len);

    /// Copies channels between maps whose order or alignment differs, where sharing storage is
    /// impossible. Elements are addressed in `[C, H, W]` order on both sides, so this also flattens
    /// a blocked map to `[C*H*W, 1, 1]` and back.
    copy_elements: CopyElements {
        /// Source.
        x: read,
        /// Destination.
        y: write,
        /// First element read, in `[C, H, W]` order.
        x_start: attribute(usize),
        /// First element written, in `[C, H, W]` order.
        y_start: attribute(usize),
        /// Elements copied.
        count: attribute(usize),
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(step.count);

    /// A loss against the batch's targets, with its gradient.
    ///
    /// Per sample: `weight * l` into element 0 of `loss`, 1.0 or 0.0 for a right or wrong answer
    /// into element 1, and `grad = weight * g / batch`, with `l` and `g` of [`LossKind`]. An answer
    /// is right if the largest score, the first of equals, is that of the class; if the labels are
    /// those with a score above 0; no real number is.
    loss: Loss {
        /// `[N, 1, 1]` outputs.
        logits: read,
        /// `[2, 1, 1]`: loss and correctness of each sample.
        loss: write,
        /// Gradient of the logits.
        grad: write_optional,
        /// What is computed.
        kind: attribute(LossKind),
        /// What the logits are compared with.
        target: attribute(TargetKind),
        /// Factor of this loss in the total.
        weight: attribute(f32),
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.logits, &step.loss);

    /// Statistics of each channel over the batch and all positions (Ioffe and Szegedy 2015): mean
    /// and inverse deviation go to `stats`, `1 / sqrt(variance + eps)` with the biased variance,
    /// and the running statistics move by torch's rule,
    /// `running = (1 - momentum) * running + momentum * batch`, with the unbiased variance. One
    /// value a channel leaves its variance at the biased one.
    batch_stats: BatchStats {
        /// Input.
        x: read,
        /// The running mean.
        running_mean: param,
        /// The running variance.
        running_var: param,
        /// Where the statistics go, as [`crate::Normalize`] reads them.
        stats: write_area,
        /// Added to the variance.
        eps: attribute(f32),
        /// Weight of the new batch in the running statistics.
        momentum: attribute(f32),
    }
    scope: |_| Scope::Batch,
    work: |step| Work::Touch(step.x.elements());

    /// Gradients of batch norm's scale and shift, summed over the batch and all positions;
    /// *overwrites* them: `dbeta[c] = sum dy`, `dgamma[c] = sum dy * (x - mean[c]) * inv_std[c]`.
    batch_norm_sums: BatchNormSums {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// What [`BatchStats`] left.
        stats: read_area,
        /// The scale.
        gamma: gradient,
        /// The shift.
        beta: gradient,
    }
    scope: |_| Scope::Batch,
    work: |step| Work::Touch(step.x.elements());

    /// Statistics of each sample: mean, and inverse deviation `1 / sqrt(variance + eps)` with the
    /// biased variance. For [`SampleAxes::Groups`] a mean for each channel, then an inverse deviation for
    /// each, both in whole blocks and 0 in padding; for [`SampleAxes::Channels`] the two at each position.
    sample_stats: SampleStats {
        /// Input.
        x: read,
        /// `[2 * padded(C), 1, 1]` or `[2, H, W]`.
        stats: write,
        /// What the statistics are taken over.
        axes: attribute(SampleAxes),
        /// Added to the variance.
        eps: attribute(f32),
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(2 * step.x.elements());

    /// Normalisation by the statistics of each sample: `y = (x - mean) * inv_std * weight + bias`.
    sample_norm: SampleNorm {
        /// Input.
        x: read,
        /// What [`SampleStats`] left.
        stats: read,
        /// The scale.
        weight: param_optional,
        /// The shift.
        bias: param_optional,
        /// Whether scale and shift have a number for each element, in the order of `x`, and not
        /// one for each channel.
        per_element: attribute(bool),
        /// Output.
        y: write,
        /// What the statistics are taken over.
        axes: attribute(SampleAxes),
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.y);

    /// What the gradient of a normalisation by [`SampleStats`] takes of the whole of what they are
    /// taken over: the means of `g = dy * weight` and of `g * (x - mean) * inv_std`, in the order of
    /// the statistics.
    sample_norm_sums: SampleNormSums {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// What [`SampleStats`] left.
        stats: read,
        /// The scale.
        weight: param_optional,
        /// As in [`SampleNorm`].
        per_element: attribute(bool),
        /// The means, in the shape of `stats`.
        sums: write,
        /// What the statistics are taken over.
        axes: attribute(SampleAxes),
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.dy);

    /// Gradient of the input of [`SampleNorm`] and of [`SampleStats`]:
    /// `dx = inv_std * (g - sums[0] - (x - mean) * inv_std * sums[1])`.
    sample_norm_grad: SampleNormGrad {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// What [`SampleStats`] left.
        stats: read,
        /// What [`SampleNormSums`] left.
        sums: read,
        /// The scale.
        weight: param_optional,
        /// As in [`SampleNorm`].
        per_element: attribute(bool),
        /// Gradient of the input.
        dx: write,
        /// What the statistics are taken over.
        axes: attribute(SampleAxes),
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.dx);

    /// Gradients of the scale and shift of [`SampleNorm`], summed over the batch and, where there is
    /// one for each channel, all positions; *overwrites* them: `dbias = sum dy`,
    /// `dweight = sum dy * (x - mean) * inv_std`.
    sample_scale_grad: SampleScaleGrad {
        /// The forward input.
        x: read,
        /// What [`SampleStats`] left.
        stats: read,
        /// Gradient of the output.
        dy: read,
        /// The scale.
        weight: gradient,
        /// The shift.
        bias: gradient,
        /// As in [`SampleNorm`].
        per_element: attribute(bool),
        /// What the statistics are taken over.
        axes: attribute(SampleAxes),
    }
    scope: |_| Scope::Batch,
    work: |step| Work::Touch(step.x.elements());

    /// Local response normalisation, see [`Response`].
    lrn: Lrn {
        /// Input.
        x: read,
        /// Output.
        y: write,
        /// Hyper-parameters.
        response: attribute(Response),
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(step.x.elements() * step.response.size);

    /// Gradient of [`Lrn`]: `dx[c] = dy[c] / s[c]^beta`
    /// `- 2 alpha beta / size * x[c] * sum over c' whose window holds c of dy[c'] x[c'] / s[c']^(beta + 1)`.
    lrn_grad: LrnGrad {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// Gradient of the input.
        dx: write,
        /// Hyper-parameters.
        response: attribute(Response),
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| Work::Touch(step.x.elements() * step.response.size);

    /// Maximum over groups of adjacent channels (Goodfellow et al. 2013):
    /// `y[c] = max over j < pieces of x[c * pieces + j]`. On a tie the first takes the gradient;
    /// NaN wins.
    maxout: Maxout {
        /// Input, `[C * pieces, H, W]`.
        x: read,
        /// Output, `[C, H, W]`.
        y: write,
        /// Channels in a group.
        pieces: attribute(usize),
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.y);

    /// Gradient of [`Maxout`].
    maxout_grad: MaxoutGrad {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// Gradient of the input.
        dx: write,
        /// Channels in a group.
        pieces: attribute(usize),
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.dx);

    /// Softmax over the channels of each position: `y = exp(x - max) / sum exp(x - max)`.
    softmax: Softmax {
        /// Input.
        x: read,
        /// Output.
        y: write,
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.y);

    /// Gradient of [`Softmax`]: `dx[c] = y[c] * (dy[c] - sum over c' of dy[c'] * y[c'])`.
    softmax_grad: SoftmaxGrad {
        /// The forward output.
        y: read,
        /// Gradient of the output.
        dy: read,
        /// Gradient of the input.
        dx: write,
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.y, &step.dx);

    /// A gate for each channel: `y[c, ·] = x[c, ·] * gate[c]` (Hu et al. 2018).
    gate: Gate {
        /// Input; also the gradient of the output, for the gradient of the input.
        x: read,
        /// `[C, 1, 1]` factors.
        gate: read,
        /// Output.
        y: write,
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.y);

    /// Gradient of a [`Gate`]'s factors: `dgate[c] = sum over positions of dy[c, ·] * x[c, ·]`.
    gate_grad: GateGrad {
        /// The forward input.
        x: read,
        /// Gradient of the output.
        dy: read,
        /// Gradient of the factors, `[C, 1, 1]`.
        dgate: write,
        /// Applied to `dgate` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.dgate);

    /// Moves a map within a frame of another size: `y[c, r, q] = x[c, r - top, q - left]`, zero
    /// outside `x`. Zero padding has positive offsets, cropping negative ones, and each is the
    /// other's gradient.
    shift: Shift {
        /// Input.
        x: read,
        /// Output, of the same channels.
        y: write,
        /// Row of `y` at which row 0 of `x` stands.
        top: attribute(isize),
        /// Column of `y` at which column 0 of `x` stands.
        left: attribute(isize),
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.y);

    /// A map with `scale` times as many rows and columns.
    upsample: Upsample {
        /// Input.
        x: read,
        /// Output, of the same channels.
        y: write,
        /// Rows and columns of `y` for one of `x`.
        scale: attribute([usize; 2]),
        /// What lies between the elements of `x`.
        mode: attribute(Upsampling),
        /// Applied to `y` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.x, &step.y);

    /// Gradient of [`Upsample`]: each element of `dx` sums the elements of `dy` that depend on it,
    /// each times its share.
    upsample_grad: UpsampleGrad {
        /// Gradient of the output.
        dy: read,
        /// Gradient of the input.
        dx: write,
        /// Rows and columns of `dy` for one of `dx`.
        scale: attribute([usize; 2]),
        /// What lies between the elements of the forward input.
        mode: attribute(Upsampling),
        /// Applied to `dx` before it is stored.
        epilogue: epilogue,
    }
    scope: |_| Scope::Sample,
    work: |step| touch(&step.dy, &step.dx);
}

/// The scope of a step that treats samples one by one, but for an algorithm that shares work among
/// them.
fn unless(shares: bool) -> Scope {
    if shares { Scope::Batch } else { Scope::Sample }
}

/// The work of a convolution from `x` to `y`, or of either gradient.
fn convolution(x: &impl Shaped, y: &impl Shaped, window: &Window, groups: usize) -> Work {
    let inputs = x.shape()[0] / groups;
    let macs = y.elements().saturating_mul(inputs).saturating_mul(window.taps());
    Work::Multiply { macs, weights: weights(x, y, window, groups) }
}

/// Floats of packed filters, bias included.
fn weights(x: &impl Shaped, y: &impl Shaped, window: &Window, groups: usize) -> usize {
    padded(y.shape()[0]) * (x.shape()[0] / groups * window.taps() + 1)
}

/// The work of a dense layer from `x` to `y`, or of either gradient.
fn product(x: &impl Shaped, y: &impl Shaped) -> Work {
    let weights = x.elements().saturating_mul(y.elements());
    Work::Multiply { macs: weights, weights }
}

/// The work of touching each element of the larger of two maps.
fn touch(x: &impl Shaped, y: &impl Shaped) -> Work {
    Work::Touch(x.elements().max(y.elements()))
}
