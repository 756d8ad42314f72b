//! Which file of the CPU engine runs a step.

use super::{
    add_gradient, batch_norm, conv, conv_filter_grad, conv_transpose, copy, dense, dense_grad, elementwise,
    frame::Frame, gate, loss, lrn, lrn_grad, maxout, pool, pool_grad, prelu, sample_norm, shift, softmax,
    upsample,
};
use crate::plan::{StepRef, Steps};

impl Steps for Frame<'_> {
    fn region(&self, macs: u64, body: &(dyn Fn(&dyn Steps) + Sync)) {
        self.carry(macs, &|frame| body(frame));
    }

    fn step(&self, step: StepRef) {
        match step {
            StepRef::Conv(step) => conv::forward(self, step),
            StepRef::TransposeFilters(step) => conv_transpose::run(self, step),
            StepRef::ConvInputGrad(step) => conv::input_grad(self, step),
            StepRef::ConvFilterGrad(step) => conv_filter_grad::run(self, step),
            StepRef::Dense(step) => dense::forward(self, step),
            StepRef::DenseInputGrad(step) => dense_grad::input_grad(self, step),
            StepRef::DenseWeightGrad(step) => dense_grad::weight_grad(self, step),
            StepRef::Pool(step) => pool::forward(self, step),
            StepRef::PoolGrad(step) => pool_grad::run(self, step),
            StepRef::Elementwise(step) => elementwise::run(self, step),
            StepRef::PreluSums(step) => prelu::sums(self, step),
            StepRef::AddGradient(step) => add_gradient::run(self, step),
            StepRef::CopyElements(step) => copy::run(self, step),
            StepRef::Loss(step) => loss::run(self, step),
            StepRef::BatchStats(step) => batch_norm::stats(self, step),
            StepRef::BatchNormSums(step) => batch_norm::sums(self, step),
            StepRef::SampleStats(step) => sample_norm::stats(self, step),
            StepRef::SampleNorm(step) => sample_norm::forward(self, step),
            StepRef::SampleNormSums(step) => sample_norm::sums(self, step),
            StepRef::SampleNormGrad(step) => sample_norm::grad(self, step),
            StepRef::SampleScaleGrad(step) => sample_norm::scale_grad(self, step),
            StepRef::Lrn(step) => lrn::forward(self, step),
            StepRef::LrnGrad(step) => lrn_grad::run(self, step),
            StepRef::Maxout(step) => maxout::forward(self, step),
            StepRef::MaxoutGrad(step) => maxout::grad(self, step),
            StepRef::Softmax(step) => softmax::forward(self, step),
            StepRef::SoftmaxGrad(step) => softmax::grad(self, step),
            StepRef::Gate(step) => gate::forward(self, step),
            StepRef::GateGrad(step) => gate::grad(self, step),
            StepRef::Shift(step) => shift::run(self, step),
            StepRef::Upsample(step) => upsample::forward(self, step),
            StepRef::UpsampleGrad(step) => upsample::grad(self, step),
        }
    }
}
