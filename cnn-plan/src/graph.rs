//! The graph of inference: what a network computes, layer by layer, before any of it is fused or
//! planned.
//!
//! Engines never read it. It is for whatever wants the network itself: export to other formats,
//! drawings, quantisation.

use core::fmt::{Display, Formatter, Result};

use super::{Act, Axes, PoolKind, Response, SampleAxes, Upsampling, Window};
use crate::source::plain;

plain! {
    /// An operation on values of one image, with its attributes. `x` is the first input; parameters
    /// come in the order given here, in torch's shapes: `weight: [O, I/groups, KH, KW]` or `[O,
    /// F]`, all others `[C]` unless said.
    ///
    /// Dropout is the identity in inference and stands nowhere.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum GraphOp {
        /// The image, `[C, H, W]`.
        Input,
        /// Convolution with `weight` and, if the layer has one, `bias`.
        Conv {
            /// How the kernel slides. Taps outside of `x` see zeros.
            window: Window,
            /// Output group `g` sees only input group `g`.
            groups: usize,
        },
        /// `weight x + bias` of a flat `x`, the bias if the layer has one.
        Dense,
        /// Pooling of each channel.
        Pool {
            /// What a window yields.
            kind: PoolKind,
            /// How it slides; without meaning for [`PoolKind::AdaptiveAvg`].
            window: Window,
        },
        /// An activation function of each element.
        Act(act: Act),
        /// `x` for positive `x`, else `weight * x`; `weight` has a number for each channel, or one.
        Prelu,
        /// `(x - mean) / sqrt(variance + eps) * weight + bias`. For [`Axes::Batch`] mean and
        /// variance are the parameters `running_mean` and `running_var`, which follow the other
        /// two; else they are those of the sample, the variance biased. `weight` and `bias` have a
        /// number for each channel, or one for each element of `x`, or are both missing.
        Norm {
            /// What the statistics are taken over.
            axes: Axes,
            /// Added to the variance.
            eps: f32,
        },
        /// Local response normalisation across channels.
        Lrn(response: Response),
        /// The maximum over groups of adjacent channels.
        Maxout {
            /// Channels of a group.
            pieces: usize,
        },
        /// Softmax over the channels of each position.
        Softmax,
        /// `x` times a factor for each channel, which the second input holds: `[C]` or `[C, 1, 1]`.
        Gate,
        /// `x` within a frame of zeros; a negative number takes rows or columns away.
        Pad {
            /// Rows above.
            top: isize,
            /// Columns on the left.
            left: isize,
            /// Rows below.
            bottom: isize,
            /// Columns on the right.
            right: isize,
        },
        /// `[C, H, W]` to `[C * H * W]`.
        Flatten,
        /// The sum of two or more values of one shape.
        Add,
        /// The product of two values of one shape, element by element.
        Mul,
        /// `x` with more rows and columns.
        Upsample {
            /// Rows and columns of the result for one of `x`.
            scale: [usize; 2],
            /// What lies between the elements of `x`.
            mode: Upsampling,
        },
        /// Two or more values one after the other along their first dimension.
        Concat,
    }
}

plain! {
    /// A node of the inference graph.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct GraphNode<'a> {
        /// Path of its layer, see [`super::Layer::name`].
        pub layer: &'a str,
        /// What it computes.
        pub op: GraphOp,
        /// The nodes whose values it reads, by index; all precede it.
        pub inputs: &'a [usize],
        /// Its parameters in the order that [`GraphOp`] says, by index into
        /// [`super::Description::params`].
        pub params: &'a [usize],
        /// Shape of its value for one image: `[C, H, W]` or `[N]`.
        pub shape: &'a [usize],
    }
}

impl GraphOp {
    /// The operation in one word, without its attributes: `batch_norm`.
    pub const fn name(&self) -> &'static str {
        match self {
            GraphOp::Input => "input",
            GraphOp::Conv { .. } => "conv",
            GraphOp::Dense => "dense",
            GraphOp::Pool { kind: PoolKind::Max, .. } => "max_pool",
            GraphOp::Pool { kind: PoolKind::Avg { .. }, .. } => "avg_pool",
            GraphOp::Pool { kind: PoolKind::AdaptiveAvg, .. } => "adaptive_avg_pool",
            GraphOp::Act(act) => act.name(),
            GraphOp::Prelu => "prelu",
            GraphOp::Norm { axes: Axes::Batch, .. } => "batch_norm",
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Groups(1)), .. } => "layer_norm",
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Groups(_)), .. } => "group_norm",
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Channels), .. } => "layer_norm",
            GraphOp::Lrn(_) => "lrn",
            GraphOp::Maxout { .. } => "maxout",
            GraphOp::Softmax => "softmax",
            GraphOp::Gate => "gate",
            GraphOp::Pad { .. } => "pad",
            GraphOp::Flatten => "flatten",
            GraphOp::Add => "add",
            GraphOp::Mul => "mul",
            GraphOp::Upsample { .. } => "upsample",
            GraphOp::Concat => "concat",
        }
    }
}

/// The name and the attributes that say more than it: `conv 3x3, stride 2x2, pad 1x1`.
impl Display for GraphOp {
    fn fmt(&self, f: &mut Formatter) -> Result {
        f.write_str(self.name())?;
        match *self {
            GraphOp::Conv { window, groups } => {
                write_window(f, &window)?;
                if groups > 1 { write!(f, ", groups {groups}") } else { Ok(()) }
            }
            GraphOp::Pool { kind: PoolKind::Max | PoolKind::Avg { .. }, window } => write_window(f, &window),
            GraphOp::Act(act) => act.parameter().map_or(Ok(()), |parameter| write!(f, " {parameter}")),
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Channels), eps } => {
                write!(f, " over channels, eps {eps:?}")
            }
            GraphOp::Norm { axes: Axes::Sample(SampleAxes::Groups(groups @ 2..)), eps } => {
                write!(f, " groups {groups}, eps {eps:?}")
            }
            GraphOp::Norm { axes: Axes::Batch | Axes::Sample(SampleAxes::Groups(_)), eps } => {
                write!(f, " eps {eps:?}")
            }
            GraphOp::Lrn(Response { size, alpha, beta, k }) => {
                write!(f, " size {size}, alpha {alpha:?}, beta {beta:?}, k {k:?}")
            }
            GraphOp::Maxout { pieces } => write!(f, " pieces {pieces}"),
            GraphOp::Upsample { scale, mode } => {
                let word = match mode {
                    Upsampling::Nearest => "nearest",
                    Upsampling::Bilinear => "bilinear",
                };
                write!(f, " {}x{}, {word}", scale[0], scale[1])
            }
            GraphOp::Pad { top, left, bottom, right } => {
                write!(f, " top {top}, bottom {bottom}, left {left}, right {right}")
            }
            GraphOp::Input
            | GraphOp::Dense
            | GraphOp::Pool { kind: PoolKind::AdaptiveAvg, .. }
            | GraphOp::Prelu
            | GraphOp::Softmax
            | GraphOp::Gate
            | GraphOp::Flatten
            | GraphOp::Add
            | GraphOp::Mul
            | GraphOp::Concat => Ok(()),
        }
    }
}

/// ` 3x3`, and what differs from a window that slides by one over an input without padding.
fn write_window(f: &mut Formatter, window: &Window) -> Result {
    let Window { kernel, stride, pad, pad_end, dilation } = *window;
    write!(f, " {}x{}", kernel[0], kernel[1])?;
    if stride != [1, 1] {
        write!(f, ", stride {}x{}", stride[0], stride[1])?;
    }
    if pad != [0, 0] || pad_end != [0, 0] {
        write!(f, ", pad {}x{}", pad[0], pad[1])?;
    }
    if pad != pad_end {
        write!(f, " and {}x{}", pad_end[0], pad_end[1])?;
    }
    if dilation != [1, 1] {
        write!(f, ", dilation {}x{}", dilation[0], dilation[1])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const WINDOW: Window =
        Window { kernel: [3, 5], stride: [1, 1], pad: [0, 0], pad_end: [0, 0], dilation: [1, 1] };

    #[test]
    fn attributes_that_are_not_the_usual_ones_are_shown() {
        assert_eq!(GraphOp::Conv { window: WINDOW, groups: 1 }.to_string(), "conv 3x5");
        let window = Window { stride: [2, 1], pad: [1, 1], pad_end: [1, 2], dilation: [2, 2], ..WINDOW };
        let text = "conv 3x5, stride 2x1, pad 1x1 and 1x2, dilation 2x2, groups 4";
        assert_eq!(GraphOp::Conv { window, groups: 4 }.to_string(), text);
        let norm = |axes| GraphOp::Norm { axes, eps: 1e-5 }.to_string();
        assert_eq!(norm(Axes::Batch), "batch_norm eps 1e-5");
        let sample = |axes| norm(Axes::Sample(axes));
        assert_eq!(sample(SampleAxes::Groups(4)), "group_norm groups 4, eps 1e-5");
        assert_eq!(sample(SampleAxes::Groups(1)), "layer_norm eps 1e-5");
        assert_eq!(sample(SampleAxes::Channels), "layer_norm over channels, eps 1e-5");
    }
}
