//! The table of derivatives: forward op -> the node that computes an input's gradient.
//!
//! `dy` is the gradient of the op's output; the result has the input's shape. Formulas stand with the ops in `ir/op.rs`.

use crate::ir::{Graph, NodeId, Op};

/// Appends the gradient that input number `slot` of `node` receives from `dy`.
pub fn input_gradient(graph: &mut Graph, node: NodeId, slot: usize, dy: NodeId) -> NodeId {
    let forward = graph[node].clone();
    let input = |slot: usize| forward.inputs[slot];
    let (op, inputs) = match (&forward.op, slot) {
        (Op::Conv(conv), 0) => (Op::ConvInputGrad(*conv), vec![dy, input(1)]),
        (Op::Conv(conv), 1) => (Op::ConvFilterGrad(*conv), vec![input(0), dy]),
        (Op::Dense, 0) => (Op::DenseInputGrad, vec![dy, input(1)]),
        (Op::Dense, 1) => (Op::DenseWeightGrad, vec![input(0), dy]),
        (Op::Conv(_) | Op::Dense, _) => (Op::BiasGrad, vec![dy]),
        (Op::Pool(pool), _) => (Op::PoolGrad(*pool), vec![input(0), dy]),
        (Op::Act(act), _) => (Op::ActGrad(*act), vec![node, dy]),
        (Op::Dropout { rate, stream }, _) => (Op::Dropout { rate: *rate, stream: *stream }, vec![dy]),
        (Op::Reshape, _) => (Op::Reshape, vec![dy]),
        (Op::Add, _) => return dy,
        (Op::Concat, _) => {
            let start = forward.inputs[..slot].iter().map(|&id| graph[id].shape[0]).sum();
            (Op::Slice { start }, vec![dy])
        }
        (Op::Input | Op::Param(_) | Op::CrossEntropy { .. }, _) => {
            unreachable!("{:?} has no input to differentiate by", forward.op)
        }
        (
            Op::CrossEntropyGrad { .. }
            | Op::ConvInputGrad(_)
            | Op::ConvFilterGrad(_)
            | Op::DenseInputGrad
            | Op::DenseWeightGrad
            | Op::BiasGrad
            | Op::PoolGrad(_)
            | Op::ActGrad(_)
            | Op::Slice { .. },
            _,
        ) => unreachable!("{:?} stands in the backward part", forward.op),
    };
    let shape = graph[input(slot)].shape.clone();
    graph.push(op, inputs, shape, forward.layer)
}
