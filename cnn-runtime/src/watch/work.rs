//! What a step has to do at least: arithmetic, and bytes that move if each operand is touched once.
//!
//! A multiply-accumulate counts as two operations, whatever the algorithm saves; an element-wise operation as one.

use super::Step;
use crate::plan::{Elt, Map, Window, padded};

/// Operations and bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Floating-point operations.
    pub flops: f64,
    /// Bytes read and written.
    pub bytes: f64,
}

/// What a step touches: maps of each sample, floats of the batch, and multiply-accumulates a sample.
pub(super) struct Operands {
    pub(super) written: Option<Map>,
    pub(super) read: [Option<Map>; 2],
    shared: usize,
    macs: usize,
    epilogue: &'static [Elt],
}

impl Operands {
    fn of(written: Option<Map>, read: &[Map], epilogue: &'static [Elt]) -> Operands {
        let read = [read.first().copied(), read.get(1).copied()];
        Operands { written, read, shared: 0, macs: 0, epilogue }
    }

    fn sharing(self, shared: usize, macs: usize) -> Operands {
        Operands { shared, macs, ..self }
    }

    /// Floats that the epilogue reads beside the step's own operands.
    fn added(&self) -> usize {
        let reads = |elt: &&Elt| matches!(elt, Elt::ActGrad(..) | Elt::NormalizeGrad(..) | Elt::Add(_));
        self.epilogue.iter().filter(reads).count() * self.written.map_or(0, |map| map.len())
    }
}

impl Step {
    /// The least work for a batch.
    pub fn work(&self, batch: usize) -> Work {
        let operands = self.operands();
        let maps = operands.written.iter().chain(operands.read.iter().flatten());
        let floats = batch * (maps.map(Map::len).sum::<usize>() + operands.added()) + operands.shared;
        let elements = operands.written.or(operands.read[0]).map_or(0, |map| map.len());
        let single = elements * operands.epilogue.len().max((operands.macs == 0) as usize);
        let flops = (batch * (2 * operands.macs + single)) as f64;
        Work { flops, bytes: (floats * size_of::<f32>()) as f64 }
    }

    pub(super) fn operands(&self) -> Operands {
        match *self {
            Step::PrepareInputGrad(step) => {
                let filters = filters(&step.dx, &step.dy, &step.window, step.groups);
                Operands::of(None, &[], &[]).sharing(2 * filters, 0)
            }
            Step::Conv(step) => Operands::of(Some(step.y), &[step.x], step.epilogue).sharing(
                filters(&step.x, &step.y, &step.window, step.groups),
                macs(&step.x, &step.y, &step.window, step.groups),
            ),
            Step::ConvInputGrad(step) => Operands::of(Some(step.dx), &[step.dy], step.epilogue).sharing(
                filters(&step.dx, &step.dy, &step.window, step.groups),
                macs(&step.dx, &step.dy, &step.window, step.groups),
            ),
            Step::ConvFilterGrad(step) => Operands::of(None, &[step.x, step.dy], &[]).sharing(
                filters(&step.x, &step.dy, &step.window, step.groups),
                macs(&step.x, &step.dy, &step.window, step.groups),
            ),
            Step::Dense(step) => dense(Some(step.y), &[step.x], step.epilogue, [step.x, step.y]),
            Step::DenseInputGrad(step) => dense(Some(step.dx), &[step.dy], step.epilogue, [step.dx, step.dy]),
            Step::DenseWeightGrad(step) => dense(None, &[step.x, step.dy], &[], [step.x, step.dy]),
            Step::Pool(step) => Operands::of(Some(step.y), &[step.x], step.epilogue),
            Step::PoolGrad(step) => Operands::of(Some(step.dx), &[step.x, step.dy], step.epilogue),
            Step::Elementwise(step) => Operands::of(Some(step.y), &[step.x], step.ops),
            Step::Copy(step) => Operands::of(Some(step.y), &[step.x], &[]),
            Step::Loss(step) => Operands::of(Some(step.loss), &[step.logits], &[]),
            Step::BatchStats(step) => Operands::of(None, &[step.x], &[]),
            Step::BatchNormSums(step) => Operands::of(None, &[step.x, step.dy], &[]),
            Step::Lrn(step) => Operands::of(Some(step.y), &[step.x], step.epilogue),
            Step::LrnGrad(step) => Operands::of(Some(step.dx), &[step.x, step.dy], step.epilogue),
            Step::Maxout(step) => Operands::of(Some(step.y), &[step.x], step.epilogue),
            Step::MaxoutGrad(step) => Operands::of(Some(step.dx), &[step.x, step.dy], step.epilogue),
            Step::Softmax(step) => Operands::of(Some(step.y), &[step.x], step.epilogue),
            Step::SoftmaxGrad(step) => Operands::of(Some(step.dx), &[step.y, step.dy], step.epilogue),
            Step::Gate(step) => Operands::of(Some(step.y), &[step.x, step.gate], step.epilogue),
            Step::GateGrad(step) => Operands::of(Some(step.dgate), &[step.x, step.dy], step.epilogue),
            Step::Place(step) => Operands::of(Some(step.y), &[step.x], step.epilogue),
        }
    }
}

/// Floats of packed filters, bias included.
fn filters(x: &Map, y: &Map, window: &Window, groups: usize) -> usize {
    padded(y.channels) * (x.channels / groups * window.kernel[0] * window.kernel[1] + 1)
}

/// Multiply-accumulates of a convolution from `x` to `y`, or of either gradient.
fn macs(x: &Map, y: &Map, window: &Window, groups: usize) -> usize {
    let taps = window.kernel[0] * window.kernel[1];
    y.channels * y.height * y.width * x.channels / groups * taps
}

fn dense(written: Option<Map>, read: &[Map], epilogue: &'static [Elt], [x, y]: [Map; 2]) -> Operands {
    let weights = x.channels * x.height * x.width * y.channels;
    Operands::of(written, read, epilogue).sharing(weights, weights)
}
