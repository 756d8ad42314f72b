//! A naive evaluator in f64, the oracle of every pass: of a graph node by node, and of a planned program on an arena.
//!
//! Speed does not matter here, obviousness does. Dropout masks are a fixed function of stream, sample and element.

pub mod arena;
mod ops;
mod tests;

use crate::ir::{Graph, Node, NodeId, Op};

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

    fn map(&self, f: impl Fn(f64) -> f64) -> Tensor {
        Tensor { shape: self.shape.clone(), data: self.data.iter().map(|&value| f(value)).collect() }
    }
}

/// A batch with its labels, and the parameters in torch order.
#[derive(Clone, Debug)]
pub struct Feed {
    pub images: Vec<Tensor>,
    pub labels: Vec<usize>,
    pub params: Vec<Tensor>,
}

/// The value of every node: one tensor per sample, or a single one for parameters and their gradients.
pub fn evaluate(graph: &Graph, feed: &Feed) -> Vec<Vec<Tensor>> {
    let mut values: Vec<Vec<Tensor>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let value = match &node.op {
            Op::Param(param) => vec![feed.params[param.0].clone()],
            Op::ConvFilterGrad(_) | Op::DenseWeightGrad | Op::BiasGrad => {
                let parts = (0..feed.images.len()).map(|sample| sample_value(node, sample, feed, &values));
                vec![parts.reduce(|sum, part| sum.zip(&part, |a, b| a + b)).expect("a batch")]
            }
            _ => (0..feed.images.len()).map(|sample| sample_value(node, sample, feed, &values)).collect(),
        };
        values.push(value);
    }
    values
}

/// The loss of a batch: the mean over samples of the sum of all losses.
pub fn loss(graph: &Graph, values: &[Vec<Tensor>]) -> f64 {
    let is_loss = |node: &Node| matches!(node.op, Op::CrossEntropy { .. });
    let losses = graph.nodes.iter().zip(values).filter(|(node, _)| is_loss(node));
    losses
        .map(|(_, samples)| samples.iter().map(|loss| loss.data[0]).sum::<f64>() / samples.len() as f64)
        .sum()
}

fn sample_value(node: &Node, sample: usize, feed: &Feed, values: &[Vec<Tensor>]) -> Tensor {
    let input = |slot: usize| {
        let NodeId(input) = node.inputs[slot];
        values[input].get(sample).unwrap_or(&values[input][0])
    };
    let bias = || node.inputs.get(2).map(|_| input(2));
    let shape = &node.shape;
    match &node.op {
        Op::Input => feed.images[sample].clone(),
        Op::Conv(conv) => ops::conv(conv, input(0), input(1), bias(), shape),
        Op::ConvInputGrad(conv) => ops::conv_input_grad(conv, input(0), input(1), shape),
        Op::ConvFilterGrad(conv) => ops::conv_filter_grad(conv, input(0), input(1), shape),
        Op::Dense => ops::dense(input(0), input(1), bias(), shape),
        Op::DenseInputGrad => ops::dense_input_grad(input(0), input(1), shape),
        Op::DenseWeightGrad => ops::dense_weight_grad(input(0), input(1), shape),
        Op::BiasGrad => ops::bias_grad(input(0), shape),
        Op::Pool(pool) => ops::pool(pool, input(0), shape),
        Op::PoolGrad(pool) => ops::pool_grad(pool, input(0), input(1)),
        Op::Act(act) => ops::act(*act, input(0)),
        Op::ActGrad(act) => ops::act_grad(*act, input(0), input(1)),
        Op::Dropout { rate, stream } => ops::dropout(*rate, *stream, sample, input(0)),
        Op::Reshape => Tensor { shape: shape.clone(), data: input(0).data.clone() },
        Op::Add => {
            (1..node.inputs.len()).fold(input(0).clone(), |sum, slot| sum.zip(input(slot), |a, b| a + b))
        }
        Op::Concat => {
            let data = (0..node.inputs.len()).flat_map(|slot| input(slot).data.clone()).collect();
            Tensor { shape: shape.clone(), data }
        }
        Op::Slice { start } => {
            let row: usize = shape[1..].iter().product();
            let data = input(0).data[start * row..(start + shape[0]) * row].to_vec();
            Tensor { shape: shape.clone(), data }
        }
        Op::CrossEntropy { weight } => ops::cross_entropy(*weight, input(0), feed.labels[sample]),
        Op::CrossEntropyGrad { weight } => {
            ops::cross_entropy_grad(*weight, input(0), feed.labels[sample], feed.images.len())
        }
        Op::Param(_) => unreachable!("a parameter has no samples"),
    }
}
