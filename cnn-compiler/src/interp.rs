//! A naive evaluator in f64, the oracle of every pass: of a graph node by node, and of a planned
//! program on an arena.
//!
//! Speed does not matter here, obviousness does. Dropout masks are a fixed function of stream,
//! sample and element.

pub mod arena;
mod channel;
mod loss;
mod norm;
mod op;
mod ops;
mod tests;

use crate::{
    ir::{Graph, Node, NodeId, Norm, Op},
    passes::Mode,
};

/// Elements in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

impl Tensor {
    pub fn zeros(shape: &[usize]) -> Tensor {
        Tensor { shape: shape.to_vec(), data: vec![0.0; shape.iter().product()] }
    }

    /// Element by element from one or more tensors of a shape.
    fn zip(&self, other: &Tensor, f: impl Fn(f64, f64) -> f64) -> Tensor {
        let data = self.data.iter().zip(&other.data).map(|(&a, &b)| f(a, b)).collect();
        Tensor { shape: self.shape.clone(), data }
    }

    /// Each element with its channel.
    fn by_channel(&self, f: impl Fn(usize, f64) -> f64) -> Tensor {
        let area = self.data.len() / self.shape[0];
        let data = self.data.iter().enumerate().map(|(element, &value)| f(element / area, value)).collect();
        Tensor { shape: self.shape.clone(), data }
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Tensor {
        Tensor { shape: self.shape.clone(), data: self.data.iter().map(|&value| f(value)).collect() }
    }
}

/// A batch with its targets, a number for each output, and the parameters in torch order.
#[derive(Clone, Debug)]
pub struct Feed {
    pub images: Vec<Tensor>,
    pub targets: Vec<Vec<f64>>,
    pub params: Vec<Tensor>,
}

/// The value of every node: one tensor per sample, or a single one for what belongs to no sample.
pub fn evaluate(graph: &Graph, feed: &Feed, mode: Mode) -> Vec<Vec<Tensor>> {
    let mut values: Vec<Vec<Tensor>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let x = || node.inputs.first().map_or(vec![], |x| values[x.0].iter().collect::<Vec<_>>());
        let samples = || {
            (0..feed.images.len()).map(|sample| {
                let input = |slot: usize| {
                    let input: NodeId = node.inputs[slot];
                    values[input.0].get(sample).unwrap_or(&values[input.0][0])
                };
                let inputs: Vec<&Tensor> = (0..node.inputs.len()).map(input).collect();
                Sample { feed, index: sample }.apply(&node.op, &inputs, &node.shape)
            })
        };
        values.push(match node.op {
            Op::Param(param) => vec![feed.params[param.0].clone()],
            Op::Dropout { .. } if mode == Mode::Infer => values[node.inputs[0].0].clone(),
            Op::Norm(Norm::Batch { eps, .. }) => {
                let param = |slot: usize| &values[node.inputs[slot].0][0];
                let stats = match mode {
                    Mode::Train if graph.is_fixed(node) => norm::running_stats(param(3), param(4), eps),
                    Mode::Train => norm::batch_stats(&x(), eps),
                    Mode::Infer => norm::running_stats(param(3), param(4), eps),
                };
                x().into_iter().map(|x| norm::normalize(x, &stats, param(1), param(2))).collect()
            }
            Op::BatchStats { eps, .. } => vec![norm::batch_stats(&x(), eps)],
            Op::SumGradients => vec![
                node.inputs
                    .iter()
                    .map(|part| &values[part.0][0])
                    .fold(Tensor::zeros(&node.shape), |sum, part| sum.zip(part, |a, b| a + b)),
            ],
            // The order of their elements is the engine's.
            Op::TransposeFilters(_) => values[node.inputs[0].0].clone(),
            _ if node.op.has_map() => samples().collect(),
            _ => vec![samples().reduce(|sum, part| sum.zip(&part, |a, b| a + b)).expect("a batch")],
        });
    }
    values
}

/// The loss of a batch: the mean over samples of the sum of all losses.
pub fn loss(graph: &Graph, values: &[Vec<Tensor>]) -> f64 {
    let is_loss = |node: &Node| matches!(node.op, Op::Loss { .. });
    let losses = graph.nodes.iter().zip(values).filter(|(node, _)| is_loss(node));
    losses
        .map(|(_, samples)| samples.iter().map(|loss| loss.data[0]).sum::<f64>() / samples.len() as f64)
        .sum()
}

/// One sample of a batch.
struct Sample<'a> {
    feed: &'a Feed,
    index: usize,
}

impl Sample<'_> {
    /// An operation of this sample, or its part of a sum over the batch.
    fn apply(&self, op: &Op, inputs: &[&Tensor], shape: &[usize]) -> Tensor {
        let input = |slot: usize| inputs[slot];
        let bias = || inputs.get(2).copied();
        let batch = self.feed.images.len();
        let targets = &self.feed.targets;
        let scored = |kind, weight| loss::Case { kind, weight, target: &targets[self.index], targets };
        match op {
            Op::Input => self.feed.images[self.index].clone(),
            Op::Conv(conv) => ops::conv(conv, input(0), input(1), bias(), shape),
            Op::ConvInputGrad(conv) => ops::conv_input_grad(conv, input(0), input(1), shape),
            Op::ConvFilterGrad(conv) => ops::conv_filter_grad(conv, input(0), input(1), shape),
            Op::Dense => ops::dense(input(0), input(1), bias(), shape),
            Op::DenseInputGrad => ops::dense_input_grad(input(0), input(1), shape),
            Op::DenseWeightGrad => ops::dense_weight_grad(input(0), input(1), shape),
            Op::BiasGrad => ops::bias_grad(input(0), shape),
            Op::Pool(pool) => ops::pool(pool, input(0), shape),
            Op::PoolGrad(pool) => match inputs {
                [dy, x] => ops::pool_grad(pool, x, dy),
                _ => ops::pool_grad(pool, &Tensor::zeros(shape), input(0)),
            },
            Op::Act(act) => ops::act(*act, input(0)),
            Op::ActGrad(act) => ops::act_grad(*act, input(0), input(1)),
            Op::Prelu => ops::prelu(input(0), input(1)),
            Op::PreluGrad => ops::prelu_grad(input(0), input(1), input(2)),
            Op::SlopeGrad => ops::slope_grad(input(0), input(1), shape),
            Op::Dropout { rate, stream, channelwise } => {
                ops::dropout(*rate, *stream, *channelwise, self.index, input(0))
            }
            Op::Normalize => norm::normalize(input(0), input(1), input(2), input(3)),
            Op::NormalizeRunning { eps } => {
                let stats = norm::running_stats(input(1), input(2), *eps);
                norm::normalize(input(0), &stats, input(3), input(4))
            }
            Op::NormalizeRunningGrad { eps } => {
                let [var, gamma] = [1, 2].map(|slot| &input(slot).data);
                input(0).by_channel(|channel, dy| dy * gamma[channel] / (var[channel] + *eps as f64).sqrt())
            }
            Op::ScaleGrad => norm::scale_grad(input(0), input(1), input(2)),
            Op::NormalizeGrad => {
                let m = (batch * input(0).data.len() / input(3).data.len()) as f64;
                norm::normalize_grad([0, 1, 2, 3, 4, 5].map(input), m)
            }
            Op::Norm(Norm::Sample { axes, eps }) => {
                let stats = norm::sample_stats(*axes, *eps, input(0));
                norm::sample_norm(*axes, input(0), &stats, &inputs[1..])
            }
            Op::SampleStats { axes, eps } => norm::sample_stats(*axes, *eps, input(0)),
            Op::SampleNorm(axes) => norm::sample_norm(*axes, input(0), input(1), &inputs[2..]),
            Op::SampleNormSums(axes) => norm::sample_norm_sums(*axes, [0, 1, 2].map(input), &inputs[3..]),
            Op::SampleNormGrad(axes) => norm::sample_norm_grad(*axes, [0, 1, 2, 3].map(input), &inputs[4..]),
            Op::SampleScaleGrad(axes) => norm::sample_scale_grad(*axes, [0, 1, 2].map(input), shape),
            Op::Lrn(response) => norm::lrn(response, input(0)),
            Op::LrnGrad(response) => norm::lrn_grad(response, input(0), input(1)),
            Op::Maxout { pieces } => channel::maxout(*pieces, input(0), shape),
            Op::MaxoutGrad { pieces } => channel::maxout_grad(*pieces, input(0), input(1)),
            Op::Softmax => channel::softmax(input(0)),
            Op::SoftmaxGrad => channel::softmax_grad(input(0), input(1)),
            Op::Gate => channel::gate(input(0), input(1)),
            Op::GateGrad => channel::gate_grad(input(0), input(1), shape),
            Op::Shift { top, left } => channel::shift(*top, *left, input(0), shape),
            Op::Upsample(upsample) => channel::upsample(upsample, input(0), shape),
            Op::UpsampleGrad(upsample) => channel::upsample_grad(upsample, input(0), shape),
            Op::Reshape => Tensor { shape: shape.to_vec(), data: input(0).data.clone() },
            Op::Add => inputs[1..].iter().fold(input(0).clone(), |sum, part| sum.zip(part, |a, b| a + b)),
            Op::Mul => input(0).zip(input(1), |a, b| a * b),
            Op::Concat => {
                let data = inputs.iter().flat_map(|part| part.data.clone()).collect();
                Tensor { shape: shape.to_vec(), data }
            }
            Op::Slice { start } => {
                let row: usize = shape[1..].iter().product();
                let data = input(0).data[start * row..(start + shape[0]) * row].to_vec();
                Tensor { shape: shape.to_vec(), data }
            }
            Op::Loss { kind, weight } => loss::loss(scored(kind, *weight), input(0)),
            Op::LossGrad { kind, weight } => loss::loss_grad(scored(kind, *weight), input(0)),
            Op::Param(_)
            | Op::Norm(Norm::Batch { .. })
            | Op::BatchStats { .. }
            | Op::TransposeFilters(_)
            | Op::SumGradients => {
                unreachable!("{op:?} is not computed sample by sample")
            }
        }
    }
}
