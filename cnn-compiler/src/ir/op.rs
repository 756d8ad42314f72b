//! Operations of the graph: the forward ops that layers become, what batch norm is lowered to, and
//! the backward ops that autodiff adds.

use cnn_plan::LossKind;
pub use cnn_plan::{Act, PoolKind, Response, SampleAxes, Upsampling, Window};

use super::{ParamId, form::padded};

/// An operation. The comment gives its inputs; `w` is `[O, I/groups, KH, KW]` or `[O, F]`, `b` is
/// `[O]`.
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
    /// `x, slope`: `x` where it is positive, else times the slope of its channel or of all
    Prelu,
    /// `x`; also its own gradient, with the same mask. Identity in inference. `channelwise` drops
    /// whole channels.
    Dropout { rate: f32, stream: u32, channelwise: bool },
    /// `x, gamma, beta, running mean, running variance` for the batch: with the batch's
    /// statistics in training, which move the running ones by torch's rule, and with the running
    /// ones in inference. Else `x` or `x, gamma, beta`: with those of the sample.
    Norm(Norm),
    /// `x`: local response normalisation across channels
    Lrn(Response),
    /// `x`: maximum over groups of `pieces` adjacent channels
    Maxout { pieces: usize },
    /// `x`: softmax over the channels of each position
    Softmax,
    /// `x, gate`: a factor for each channel; the gate is `[C, 1, 1]` or `[C]`
    Gate,
    /// `x`: moved within a frame of another size, zero around it. Padding has positive offsets,
    /// cropping negative ones; each is the other's gradient.
    Shift { top: isize, left: isize },
    /// `x`: with more rows and columns
    Upsample(Upsample),
    /// `x`: flatten, and back
    Reshape,
    /// two or more values of one shape
    Add,
    /// two values of one shape, element by element
    Mul,
    /// two or more values that differ in their first dimension only
    Concat,
    /// `logits`: the weighted loss of each sample, shape `[1]`
    Loss { kind: LossKind, weight: f32 },

    /// `x, running mean, running variance`: `[2, C]`, mean and inverse deviation of each channel
    /// over the batch; moves the running ones
    BatchStats { eps: f32, momentum: f32 },
    /// `x, stats, gamma, beta`: batch norm with given statistics
    Normalize,
    /// `x, running mean, running variance, gamma, beta`
    NormalizeRunning { eps: f32 },

    /// `x`: mean and inverse deviation of each sample, of [`stats_shape`]
    SampleStats { axes: SampleAxes, eps: f32 },
    /// `x, stats` or `x, stats, gamma, beta`; scale and shift have the shape of `x` or `[C]`
    SampleNorm(SampleAxes),

    /// `logits`: gradient of the mean over the batch of [`Op::Loss`]
    LossGrad { kind: LossKind, weight: f32 },
    /// `w`: the filters in the order in which the gradient of the input reads them
    TransposeFilters(Conv),
    /// `dy, transposed w`
    ConvInputGrad(Conv),
    /// `x, dy`
    ConvFilterGrad(Conv),
    /// `dy, w`
    DenseInputGrad,
    /// `x, dy`
    DenseWeightGrad,
    /// `dy`: sum over the batch and, where the shape has none, all positions
    BiasGrad,
    /// `dy`, and `x` for the maximum
    PoolGrad(Pool),
    /// `at, dy`, where `at` is the activation's output, or its input where that does not tell the
    /// slope
    ActGrad(Act),
    /// `x, slope, dy`
    PreluGrad,
    /// `x, dy`: sum of `dy * min(x, 0)`, for each channel or for all
    SlopeGrad,
    /// `x, stats, dy`: gradient of gamma, the sum of `dy` times the normalised `x`
    ScaleGrad,
    /// `dy, running variance, gamma`: through [`Op::NormalizeRunning`]
    NormalizeRunningGrad { eps: f32 },
    /// `dy, x, stats, gamma, dgamma, dbeta`: through the normalisation and through its statistics
    NormalizeGrad,
    /// `x, dy, stats` or `x, dy, stats, gamma`: means of `g = dy * gamma` and of `g` times the
    /// normalised `x`, of the shape of the statistics
    SampleNormSums(SampleAxes),
    /// `x, dy, stats, sums` or `x, dy, stats, sums, gamma`
    SampleNormGrad(SampleAxes),
    /// `x, stats, dy`: gradient of gamma, the sum of `dy` times the normalised `x`
    SampleScaleGrad(SampleAxes),
    /// `x, dy`
    LrnGrad(Response),
    /// `x, dy`
    MaxoutGrad { pieces: usize },
    /// `y, dy`
    SoftmaxGrad,
    /// `x, dy`: gradient of the gate
    GateGrad,
    /// `dy`
    UpsampleGrad(Upsample),
    /// `g, g, …`: the gradient of a parameter, of what its readers contribute
    SumGradients,
    /// `x`: elements of the first dimension from `start`, as many as the shape says
    Slice { start: usize },
}

/// How an operation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    /// It holds or arranges values and is no work of its own.
    Storage,
    /// Element by element, in the epilogue of the step before or in a step with others of its kind.
    Elementwise,
    /// A step that treats samples one by one.
    Sample,
    /// A step that treats samples alike but shares weights across the batch.
    Batch,
    /// A step whose result belongs to no sample: sums over the batch, and arrangements of weights.
    Reduce,
    /// No step of its own: a by-product of another node's step of the same layer, such as the
    /// gradient of a bias beside that of the filters.
    Companion,
}

/// What an element of a result depends on in the operation's first operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// The same position. Statistics of a norm count as constants.
    Position,
    /// The positions of a window.
    Window(&'a Window),
    /// The position that it lies at or between.
    Between(&'a Upsample),
    /// All positions.
    All,
}

impl Op {
    /// What an element of the result depends on in the first operand. Gradients are not asked.
    pub fn reach(&self) -> Reach<'_> {
        match self {
            Op::Conv(Conv { window, .. }) | Op::Pool(Pool { window, .. }) => Reach::Window(window),
            Op::Dense => Reach::All,
            Op::Input | Op::Param(_) | Op::Reshape | Op::Concat | Op::Slice { .. } => Reach::Position,
            Op::Act(_) | Op::Prelu | Op::Dropout { .. } | Op::Add | Op::Mul | Op::Gate => Reach::Position,
            Op::Shift { .. } => Reach::Position,
            Op::Upsample(upsample) => Reach::Between(upsample),
            Op::Norm(_) | Op::BatchStats { .. } | Op::Normalize => Reach::Position,
            Op::SampleStats { .. } | Op::SampleNorm(_) | Op::SampleNormSums(_) => Reach::Position,
            Op::SampleNormGrad(_) | Op::SampleScaleGrad(_) => Reach::Position,
            Op::NormalizeRunning { .. } | Op::Lrn(_) | Op::Maxout { .. } | Op::Softmax => Reach::Position,
            Op::Loss { .. } | Op::LossGrad { .. } | Op::TransposeFilters(_) => Reach::Position,
            Op::ConvInputGrad(_) | Op::ConvFilterGrad(_) | Op::DenseInputGrad => Reach::Position,
            Op::DenseWeightGrad | Op::BiasGrad | Op::PoolGrad(_) | Op::ActGrad(_) => Reach::Position,
            Op::ScaleGrad | Op::NormalizeGrad | Op::LrnGrad(_) | Op::MaxoutGrad { .. } => Reach::Position,
            Op::SoftmaxGrad | Op::GateGrad | Op::PreluGrad | Op::SlopeGrad => Reach::Position,
            Op::NormalizeRunningGrad { .. } => Reach::Position,
            Op::UpsampleGrad(_) | Op::SumGradients => Reach::Position,
        }
    }

    /// How it runs.
    pub fn run(&self) -> Run {
        match self {
            Op::Input | Op::Param(_) | Op::Reshape | Op::Concat | Op::Slice { .. } => Run::Storage,
            Op::Act(_) | Op::ActGrad(_) | Op::Dropout { .. } | Op::Add | Op::Mul => Run::Elementwise,
            Op::Prelu | Op::PreluGrad => Run::Elementwise,
            Op::Normalize | Op::NormalizeGrad => Run::Elementwise,
            Op::NormalizeRunning { .. } | Op::NormalizeRunningGrad { .. } => Run::Elementwise,
            Op::Dense | Op::DenseInputGrad => Run::Batch,
            Op::Conv(conv) | Op::ConvInputGrad(conv) if conv.algorithm != Algorithm::Direct => Run::Batch,
            Op::Conv(_) | Op::ConvInputGrad(_) => Run::Sample,
            Op::BatchStats { .. } | Op::ScaleGrad | Op::SlopeGrad | Op::SampleScaleGrad(_) => Run::Reduce,
            Op::TransposeFilters(_) | Op::ConvFilterGrad(_) | Op::DenseWeightGrad => Run::Reduce,
            Op::SumGradients => Run::Reduce,
            Op::BiasGrad | Op::LossGrad { .. } => Run::Companion,
            Op::Pool(_) | Op::PoolGrad(_) | Op::Norm(_) | Op::Lrn(_) | Op::LrnGrad(_) => Run::Sample,
            Op::SampleStats { .. } | Op::SampleNorm(_) => Run::Sample,
            Op::SampleNormSums(_) | Op::SampleNormGrad(_) => Run::Sample,
            Op::Maxout { .. } | Op::MaxoutGrad { .. } | Op::Softmax | Op::SoftmaxGrad => Run::Sample,
            Op::Gate | Op::GateGrad | Op::Shift { .. } | Op::Loss { .. } => Run::Sample,
            Op::Upsample(_) | Op::UpsampleGrad(_) => Run::Sample,
        }
    }

    /// Whether its value lies in the arena's slabs, one for each sample.
    pub fn has_map(&self) -> bool {
        !matches!(self, Op::Param(_) | Op::BiasGrad) && self.run() != Run::Reduce
    }
}

/// Attributes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    pub window: Window,
    pub groups: usize,
    pub algorithm: Algorithm,
}

/// How an engine may compute a convolution or a gradient of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// As the sum that it is.
    Direct,
    /// By Winograd's algorithm, with room for so many tiles.
    Winograd { tiles: usize },
}

/// What a normalisation takes its statistics over, with its attributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    /// The batch; `momentum` is the weight of a new one in the running statistics.
    Batch { eps: f32, momentum: f32 },
    /// Part of each sample.
    Sample { axes: SampleAxes, eps: f32 },
}

/// The shape of the statistics of a sample: a mean for each channel, in whole blocks, and as many
/// inverse deviations; or both at each position.
pub fn stats_shape(axes: SampleAxes, x: &[usize]) -> Vec<usize> {
    match axes {
        SampleAxes::Channels => [&[2], &x[1..]].concat(),
        SampleAxes::Groups(_) => vec![2 * padded(x[0])],
    }
}

/// Attributes of upsampling: rows and columns of the result for one of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upsample {
    pub scale: [usize; 2],
    pub mode: Upsampling,
}

/// Attributes of pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    pub kind: PoolKind,
    pub window: Window,
}
