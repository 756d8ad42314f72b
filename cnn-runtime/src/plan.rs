//! What the macro writes and the engines read: a network's tables and its fused steps, all constants.
//!
//! The macro plans addresses, never backends. A step names its operands by place: a [`Map`] in the arena, an
//! offset into the parameters. Both engines use the same storage order, so a plan holds for every device:
//!
//! * The arena holds one *slab* per sample of the batch, `Arena::slab` floats apart, then `Arena::fixed` floats that
//!   belong to the batch as a whole. Sample `s` of a map starts at `s * slab + map.offset`.
//! * A [`Layout::Blocked`] map is `[ceil(C/8)][H][W][8]`; the lanes past the last channel hold no information and
//!   may hold anything. A [`Layout::Planar`] map is `[C][H][W]`, as images come.
//! * Parameters are packed in kernel order by their [`Role`]; padding lanes there are zero and stay zero.

use crate::optim::Optimizer;

/// Channels in a block: one AVX2 vector of f32, an OpenCL `float8`.
pub const BLOCK: usize = 8;

/// `count` rounded up to whole blocks.
pub const fn padded(count: usize) -> usize {
    count.div_ceil(BLOCK) * BLOCK
}

/// The order of a map's elements within one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `[ceil(C/8)][H][W][8]`.
    Blocked,
    /// `[C][H][W]`; only the network's input.
    Planar,
}

/// A feature map: where one sample of it lies in that sample's slab, its shape and its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Floats from the start of the sample's slab; a multiple of 8.
    pub offset: usize,
    /// Channels, without padding.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Element order.
    pub layout: Layout,
}

impl Map {
    /// Floats that one sample takes, padding lanes included.
    pub const fn len(&self) -> usize {
        match self.layout {
            Layout::Blocked => padded(self.channels) * self.height * self.width,
            Layout::Planar => self.channels * self.height * self.width,
        }
    }

    /// True for a map without elements; the macro never plans one.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Position of an element within one sample of this map.
    pub const fn index(&self, channel: usize, row: usize, column: usize) -> usize {
        match self.layout {
            Layout::Blocked => {
                (((channel / BLOCK) * self.height + row) * self.width + column) * BLOCK + channel % BLOCK
            }
            Layout::Planar => (channel * self.height + row) * self.width + column,
        }
    }
}

/// How a kernel slides over a map; the first of each pair is vertical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
    /// Rows added above and columns added on the left. What is needed below and on the right follows from the
    /// output's shape: a tap outside the input counts as padding.
    pub pad: [usize; 2],
    /// Distance between taps; 1 is a dense kernel.
    pub dilation: [usize; 2],
}

/// An activation function and, through its *output*, its derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// `max(x, 0)`
    Relu,
    /// `x` for positive `x`, else `slope * x`
    LeakyRelu(f32),
    /// `x` for positive `x`, else `alpha * (exp(x) - 1)`
    Elu(f32),
    /// `1 / (1 + exp(-x))`
    Sigmoid,
    /// `tanh(x)`
    Tanh,
}

/// One element-wise operation applied to a step's result before it is stored, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elt {
    /// `v = act(v)`
    Act(Act),
    /// `v = v * act'(x)` where the map holds `y = act(x)`: the chain rule through an activation.
    ActGrad(Act, Map),
    /// Inverted dropout: `v = keep ? v / (1 - rate) : 0`. The mask is a hash of (step key, stream, element), see
    /// [`crate::rng`], so the backward pass repeats the forward pass's mask without storing it.
    Dropout {
        /// Probability of zero, in `0.0..1.0`.
        rate: f32,
        /// Which dropout layer of the network this is.
        stream: u32,
    },
    /// `v = v + map`
    Add(Map),
}

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

/// What a pooling window yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest element; padding never wins. On a tie the first in row-major order takes the gradient; NaN wins.
    Max,
    /// The mean.
    Avg {
        /// Divide by the window's full area (`true`, torch's default) or by the taps inside the input.
        count_include_pad: bool,
    },
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
    /// The forward input (read for the maximum only).
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

/// Softmax cross-entropy against the batch's labels, with its gradient.
///
/// Per sample: `loss = weight * (log(sum exp z) - z[label])` into element 0 of `loss`, 1.0 or 0.0 for a correct or wrong arg max
/// into element 1, and `grad = weight * (softmax(z) - onehot(label)) / batch`.
#[derive(Clone, Copy, Debug)]
pub struct CrossEntropy {
    /// The layer's name.
    pub name: &'static str,
    /// `[N, 1, 1]` class scores.
    pub logits: Map,
    /// `[2, 1, 1]`: loss and correctness of each sample.
    pub loss: Map,
    /// Where the gradient of the logits goes.
    pub grad: Option<Map>,
    /// Factor of this loss in the total.
    pub weight: f32,
}

/// How a parameter is packed.
///
/// | role | torch shape | packed order |
/// |---|---|---|
/// | `Filter` | `[O, I/groups, KH, KW]` | `[ceil(O/8)][I/groups][KH][KW][8]` |
/// | `Weight` | `[O, F]` | `[ceil(O/8)][x.len()][8]`, input elements in storage order of `x`, zero where `x` has padding |
/// | `Vector` | `[O]` | `[ceil(O/8)][8]` |
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// Convolution filters.
    Filter,
    /// Dense weights over a map of this shape.
    Weight(Map),
    /// Bias, or any vector over channels.
    Vector,
}

/// How a parameter starts; draws are in torch order, so they do not depend on packing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All equal.
    Constant(f32),
    /// Uniform in `±sqrt(6 / (fan_in + fan_out))`: Glorot and Bengio 2010, Keras' default.
    GlorotUniform,
    /// Normal with variance `2 / (fan_in + fan_out)`.
    GlorotNormal,
    /// Uniform in `±sqrt(6 / fan_in)`: He et al. 2015.
    HeUniform,
    /// Normal with variance `2 / fan_in`.
    HeNormal,
    /// Uniform in `±1 / sqrt(fan_in)`: what torch gives convolutions, dense layers and their biases.
    Torch,
}

/// A trainable tensor.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Name in files: the layer's path and the tensor's kind, `conv1.weight`.
    pub name: &'static str,
    /// Torch shape.
    pub shape: &'static [usize],
    /// Packing.
    pub role: Role,
    /// Offset of the packed form in the parameters, and of its gradient in the gradients; a multiple of 8.
    pub offset: usize,
    /// Floats of the packed form.
    pub len: usize,
    /// Initial values.
    pub init: Init,
    /// Inputs that one output sees.
    pub fan_in: usize,
    /// Outputs that one input reaches.
    pub fan_out: usize,
    /// False for a frozen layer: no gradient is computed and no update made.
    pub trainable: bool,
}

/// Size of an arena: `batch * slab + fixed` floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arena {
    /// Floats per sample.
    pub slab: usize,
    /// Floats for the batch as a whole, after the slabs.
    pub fixed: usize,
}

impl Arena {
    /// Floats for a batch.
    pub const fn len(&self, batch: usize) -> usize {
        batch * self.slab + self.fixed
    }

    /// True if nothing is planned; never so for a network.
    pub const fn is_empty(&self) -> bool {
        self.slab == 0 && self.fixed == 0
    }
}

/// The plan of one mode: its arena, and where the batch enters and leaves.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Memory.
    pub arena: Arena,
    /// Where images are written.
    pub input: Map,
    /// Where class scores are read: valid after `infer`, or after `forward` and before `backward`.
    pub logits: Map,
    /// Per-sample losses to add up, main loss first; empty for inference.
    pub losses: &'static [Map],
}

/// A row of `summary`.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Path of the layer: its name, or its kind and number.
    pub name: &'static str,
    /// Kind, as written: `conv`, `max_pool`.
    pub kind: &'static str,
    /// Output shape: `[C, H, W]` or `[N]`.
    pub shape: &'static [usize],
    /// Trainable and frozen scalars.
    pub parameters: usize,
    /// Multiply-accumulates of one image, forward.
    pub macs: u64,
    /// Bytes of the output of one image as the mathematics counts it, without padding.
    pub activation_bytes: usize,
    /// Pixels of the input, vertical and horizontal, that one output element sees.
    pub receptive_field: [usize; 2],
    /// Something worth knowing, such as rows that a window drops.
    pub note: Option<&'static str>,
}

/// What `train { }` declares.
#[derive(Clone, Copy, Debug)]
pub struct Training {
    /// Update rule with its hyper-parameters.
    pub optimizer: Optimizer,
    /// Samples per step.
    pub batch: usize,
    /// Passes over the training set.
    pub epochs: usize,
}

/// Everything constant about a network.
#[derive(Debug)]
pub struct Description {
    /// The type's name, `MnistCnn`.
    pub name: &'static str,
    /// Input shape `[C, H, W]`.
    pub input: [usize; 3],
    /// Number of outputs.
    pub classes: usize,
    /// Parameters in order of declaration; offsets ascend.
    pub params: &'static [Param],
    /// Floats of all packed parameters.
    pub params_len: usize,
    /// Rows of the summary.
    pub layers: &'static [Layer],
    /// Plan of `forward` and `backward`.
    pub train: Plan,
    /// Plan of `infer`.
    pub infer: Plan,
    /// Defaults of the trainer.
    pub training: Training,
}

impl Description {
    /// Number of scalars in all parameters, without padding.
    pub fn parameter_count(&self) -> usize {
        self.params.iter().map(|param| param.shape.iter().product::<usize>()).sum()
    }

    /// Floats of the arena of a session: a training session also infers, in the same arena.
    pub fn arena_len(&self, training: bool, batch: usize) -> usize {
        let inference = self.infer.arena.len(batch);
        if training { self.train.arena.len(batch).max(inference) } else { inference }
    }

    /// Multiply-accumulates of one image, forward.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|layer| layer.macs).sum()
    }
}

/// What an engine offers to generated code: one method a step.
///
/// `conv`, `conv_input_grad`, `pool`, `pool_grad`, `elementwise`, `copy` and `cross_entropy` treat samples independently and may stand
/// inside a region. The others sum over, or share weights across, the batch and stand outside.
pub trait Steps {
    /// Runs a chain of per-sample steps. A CPU engine carries each sample through the whole chain on one thread; a GPU
    /// runs the body once for all samples. `macs` is the chain's work for one sample, by which tiny work stays on one thread.
    fn region(&self, macs: u64, body: &(dyn Fn(&dyn Steps) + Sync));
    /// Builds what [`Steps::conv_input_grad`] of the same step needs, once per pass and outside of regions.
    fn prepare_input_grad(&self, step: &'static ConvInputGrad);
    /// See [`Conv`].
    fn conv(&self, step: &'static Conv);
    /// See [`ConvInputGrad`].
    fn conv_input_grad(&self, step: &'static ConvInputGrad);
    /// See [`ConvFilterGrad`].
    fn conv_filter_grad(&self, step: &'static ConvFilterGrad);
    /// See [`Dense`].
    fn dense(&self, step: &'static Dense);
    /// See [`DenseInputGrad`].
    fn dense_input_grad(&self, step: &'static DenseInputGrad);
    /// See [`DenseWeightGrad`].
    fn dense_weight_grad(&self, step: &'static DenseWeightGrad);
    /// See [`Pool`].
    fn pool(&self, step: &'static Pool);
    /// See [`PoolGrad`].
    fn pool_grad(&self, step: &'static PoolGrad);
    /// See [`Elementwise`].
    fn elementwise(&self, step: &'static Elementwise);
    /// See [`struct@Copy`].
    fn copy(&self, step: &'static Copy);
    /// See [`CrossEntropy`].
    fn cross_entropy(&self, step: &'static CrossEntropy);
}
