//! Operations of the graph: the forward ops that layers become and the backward ops that autodiff adds.

use super::ParamId;

/// An operation. The comment gives its inputs; `w` is `[O, I/groups, KH, KW]` or `[O, F]`, `b` is `[O]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The batch of images.
    Input,
    /// A parameter's value.
    Param(ParamId),
    /// `x, w` or `x, w, b`
    Conv(Conv),
    /// `x, w` or `x, w, b`; `x` is flat
    Dense,
    /// `x`
    Pool(Pool),
    /// `x`
    Act(Act),
    /// `x`; also its own gradient, with the same mask. Identity in inference. `channelwise` drops whole channels.
    Dropout { rate: f32, stream: u32, channelwise: bool },
    /// `x, gamma, beta, running mean, running variance`: with the batch's statistics in training, which move the running ones by
    /// torch's rule, and with the running ones in inference
    BatchNorm { eps: f32, momentum: f32 },
    /// `x`: local response normalisation across channels
    Lrn(Response),
    /// `x`: maximum over groups of `pieces` adjacent channels
    Maxout { pieces: usize },
    /// `x`: softmax over the channels of each position
    Softmax,
    /// `x, gate`: a factor for each channel; the gate is `[C, 1, 1]` or `[C]`
    Gate,
    /// `x`: moved within a frame of another size, zero around it. Padding has positive offsets, cropping negative ones; each is
    /// the other's gradient.
    Place { top: isize, left: isize },
    /// `x`: flatten, and back
    Reshape,
    /// two or more values of one shape
    Add,
    /// two or more values that differ in their first dimension only
    Concat,
    /// `logits`: the weighted loss of each sample, shape `[1]`
    Loss { kind: LossKind, weight: f32 },

    /// `logits`: gradient of the mean over the batch of [`Op::Loss`]
    LossGrad { kind: LossKind, weight: f32 },
    /// `dy, w`
    ConvInputGrad(Conv),
    /// `x, dy`
    ConvFilterGrad(Conv),
    /// `dy, w`
    DenseInputGrad,
    /// `x, dy`
    DenseWeightGrad,
    /// `dy`: sum over the batch and all positions
    BiasGrad,
    /// `x, dy`
    PoolGrad(Pool),
    /// `y, dy`, where `y` is the activation's output
    ActGrad(Act),
    /// `x`: elements of the first dimension from `start`, as many as the shape says
    Slice { start: usize },
}

/// How a kernel slides; the first of each pair is vertical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    /// Rows above and below.
    pub pad_rows: [usize; 2],
    /// Columns on the left and on the right.
    pub pad_columns: [usize; 2],
    pub dilation: [usize; 2],
}

/// Attributes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    pub window: Window,
    pub groups: usize,
}

/// Attributes of pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    pub kind: PoolKind,
    pub window: Window,
}

/// What a pooling window yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    Max,
    /// Even windows for any output size, see `cnn_runtime::plan::PoolKind`; the window's fields are not used.
    AdaptiveAvg,
    Avg {
        count_include_pad: bool,
    },
}

/// Activation functions, each with its derivative in terms of its output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    Relu,
    LeakyRelu(f32),
    Elu(f32),
    Sigmoid,
    Tanh,
}

/// Hyper-parameters of local response normalisation, as `cnn_runtime::plan::Response`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    pub size: usize,
    pub alpha: f32,
    pub beta: f32,
    pub k: f32,
}

/// How scores and a label become a loss, as `cnn_runtime::plan::LossKind`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossKind {
    CrossEntropy { smoothing: f32 },
    MeanSquared,
    BinaryCrossEntropy,
}
