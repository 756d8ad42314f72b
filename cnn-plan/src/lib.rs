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

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod channel;
mod data;
mod elt;
mod loss;
mod map;
mod network;
mod norm;
mod param;
mod pool;
mod shape;
mod source;
mod weighted;
mod winograd;

pub mod optim;
pub mod settings;

pub use channel::*;
pub use data::*;
pub use elt::*;
pub use loss::*;
pub use map::*;
pub use network::*;
pub use norm::*;
pub use param::*;
pub use pool::*;
pub use shape::*;
pub use source::Source;
pub use weighted::*;
pub use winograd::*;

/// What an engine offers to generated code: one method a step.
///
/// `batch_stats`, `batch_norm_sums`, `conv_filter_grad` and the dense steps sum over, or share weights across, the batch and stand
/// outside of regions; so do `prepare_input_grad` and convolutions with room for Winograd's algorithm. All others treat samples independently and may stand inside one.
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
    /// See [`Loss`].
    fn loss(&self, step: &'static Loss);
    /// See [`BatchStats`].
    fn batch_stats(&self, step: &'static BatchStats);
    /// See [`BatchNormSums`].
    fn batch_norm_sums(&self, step: &'static BatchNormSums);
    /// See [`Lrn`].
    fn lrn(&self, step: &'static Lrn);
    /// See [`LrnGrad`].
    fn lrn_grad(&self, step: &'static LrnGrad);
    /// See [`Maxout`].
    fn maxout(&self, step: &'static Maxout);
    /// See [`MaxoutGrad`].
    fn maxout_grad(&self, step: &'static MaxoutGrad);
    /// See [`Softmax`].
    fn softmax(&self, step: &'static Softmax);
    /// See [`SoftmaxGrad`].
    fn softmax_grad(&self, step: &'static SoftmaxGrad);
    /// See [`Gate`].
    fn gate(&self, step: &'static Gate);
    /// See [`GateGrad`].
    fn gate_grad(&self, step: &'static GateGrad);
    /// See [`Place`].
    fn place(&self, step: &'static Place);
}
