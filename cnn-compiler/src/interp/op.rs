//! The operation of the graph that a step runs, so that the oracle evaluates both with the same
//! code.

use cnn_plan::Operand;

use crate::{
    ir::{Algorithm, Conv, Op, Pool, Upsample, Window},
    schedule::step::{Step, Symbolic},
};

/// The operation before the epilogue; none for a step that only copies or ends in one.
pub fn of(step: &Step) -> Option<Op> {
    let conv = |window: Window, groups: usize| Conv { window, groups, algorithm: Algorithm::Direct };
    Some(match step {
        Step::Conv(step) => Op::Conv(conv(step.window, step.groups)),
        Step::TransposeFilters(step) => Op::TransposeFilters(conv(step.window, step.groups)),
        Step::ConvInputGrad(step) => Op::ConvInputGrad(conv(step.window, step.groups)),
        Step::ConvFilterGrad(step) => Op::ConvFilterGrad(conv(step.window, step.groups)),
        Step::Dense(_) => Op::Dense,
        Step::DenseInputGrad(_) => Op::DenseInputGrad,
        Step::DenseWeightGrad(_) => Op::DenseWeightGrad,
        Step::Pool(step) => Op::Pool(Pool { kind: step.kind, window: step.window }),
        Step::PoolGrad(step) => Op::PoolGrad(Pool { kind: step.kind, window: step.window }),
        Step::Elementwise(_) | Step::CopyElements(_) => return None,
        Step::AddGradient(_) => Op::SumGradients,
        Step::Loss(step) => Op::Loss { kind: step.kind, weight: step.weight },
        Step::BatchStats(step) => Op::BatchStats { eps: step.eps, momentum: step.momentum },
        Step::BatchNormSums(_) => Op::ScaleGrad,
        Step::SampleStats(step) => Op::SampleStats { axes: step.axes, eps: step.eps },
        Step::SampleNorm(step) => Op::SampleNorm(step.axes),
        Step::SampleNormSums(step) => Op::SampleNormSums(step.axes),
        Step::SampleNormGrad(step) => Op::SampleNormGrad(step.axes),
        Step::SampleScaleGrad(step) => Op::SampleScaleGrad(step.axes),
        Step::Lrn(step) => Op::Lrn(step.response),
        Step::LrnGrad(step) => Op::LrnGrad(step.response),
        Step::Maxout(step) => Op::Maxout { pieces: step.pieces },
        Step::MaxoutGrad(step) => Op::MaxoutGrad { pieces: step.pieces },
        Step::Softmax(_) => Op::Softmax,
        Step::SoftmaxGrad(_) => Op::SoftmaxGrad,
        Step::Gate(_) => Op::Gate,
        Step::GateGrad(_) => Op::GateGrad,
        Step::PreluSums(_) => Op::SlopeGrad,
        Step::Upsample(step) => Op::Upsample(Upsample { scale: step.scale, mode: step.mode }),
        Step::UpsampleGrad(step) => Op::UpsampleGrad(Upsample { scale: step.scale, mode: step.mode }),
        Step::Shift(step) => Op::Shift { top: step.top, left: step.left },
    })
}

/// Operands in the order of that operation's inputs, the epilogue's left out.
pub fn inputs(step: &Step) -> Vec<Operand<Symbolic>> {
    let operands = step.described().operands();
    let mut of_epilogue = Vec::new();
    let elts = step.described().epilogue().into_iter().flatten();
    elts.for_each(|elt| elt.visit(&mut |operand| of_epilogue.push(operand)));
    let mut own = operands[..operands.len() - of_epilogue.len()].to_vec();
    if let Step::BatchNormSums(_) = step {
        // The gradient of the output comes last.
        own.swap(1, 2);
    }
    own
}
