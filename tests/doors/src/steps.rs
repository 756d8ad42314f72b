//! Which function computes which step.

use cnn_runtime::plan::{StepRef, Steps};

use crate::{
    batch_norm, channel, conv, dense, elementwise, loss, lrn, machine::Machine, pool, sample_norm, shape,
};

impl Steps for Machine<'_> {
    /// Samples never meet in a region, so its steps may as well run for all of them.
    fn region(&self, _macs: u64, body: &(dyn Fn(&dyn Steps) + Sync)) {
        body(self);
    }

    fn step(&self, step: StepRef) {
        match step {
            StepRef::Conv(step) => conv::forward(self, step),
            StepRef::TransposeFilters(step) => conv::transpose_filters(self, step),
            StepRef::ConvInputGrad(step) => conv::input_grad(self, step),
            StepRef::ConvFilterGrad(step) => conv::filter_grad(self, step),
            StepRef::Dense(step) => dense::forward(self, step),
            StepRef::DenseInputGrad(step) => dense::input_grad(self, step),
            StepRef::DenseWeightGrad(step) => dense::weight_grad(self, step),
            StepRef::Pool(step) => pool::forward(self, step),
            StepRef::PoolGrad(step) => pool::grad(self, step),
            StepRef::Elementwise(step) => elementwise::forward(self, step),
            StepRef::PreluSums(step) => elementwise::prelu_sums(self, step),
            StepRef::AddGradient(step) => elementwise::add_gradient(self, step),
            StepRef::CopyElements(step) => shape::copy_elements(self, step),
            StepRef::Loss(step) => loss::run(self, step),
            StepRef::BatchStats(step) => batch_norm::stats(self, step),
            StepRef::BatchNormSums(step) => batch_norm::sums(self, step),
            StepRef::SampleStats(step) => sample_norm::stats(self, step),
            StepRef::SampleNorm(step) => sample_norm::forward(self, step),
            StepRef::SampleNormSums(step) => sample_norm::sums(self, step),
            StepRef::SampleNormGrad(step) => sample_norm::grad(self, step),
            StepRef::SampleScaleGrad(step) => sample_norm::scale_grad(self, step),
            StepRef::Lrn(step) => lrn::forward(self, step),
            StepRef::LrnGrad(step) => lrn::grad(self, step),
            StepRef::Maxout(step) => channel::maxout(self, step),
            StepRef::MaxoutGrad(step) => channel::maxout_grad(self, step),
            StepRef::Softmax(step) => channel::softmax(self, step),
            StepRef::SoftmaxGrad(step) => channel::softmax_grad(self, step),
            StepRef::Gate(step) => channel::gate(self, step),
            StepRef::GateGrad(step) => channel::gate_grad(self, step),
            StepRef::Shift(step) => shape::shift(self, step),
            StepRef::Upsample(step) => shape::upsample(self, step),
            StepRef::UpsampleGrad(step) => shape::upsample_grad(self, step),
        }
    }
}
