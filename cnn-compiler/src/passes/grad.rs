//! The table of derivatives: forward op -> the node that computes an input's gradient.
//!
//! `dy` is the gradient of the op's output; the result has the input's shape. Formulas stand with
//! the ops in `ir/op.rs`.

use crate::ir::{Graph, Node, NodeId, Op, PoolKind};

/// Appends the gradient that input number `slot` of `node` receives from `dy`; none for what has no
/// gradient.
pub fn input_gradient(graph: &mut Graph, node: NodeId, slot: usize, dy: NodeId) -> Option<NodeId> {
    let forward = graph[node].clone();
    let input = |slot: usize| forward.inputs[slot];
    let (op, inputs) = match (&forward.op, slot) {
        (Op::Conv(conv), 0) => {
            let (op, shape) = (Op::TransposeFilters(*conv), graph[input(1)].shape.clone());
            let transposed = graph.push(op, vec![input(1)], shape, forward.layer);
            (Op::ConvInputGrad(*conv), vec![dy, transposed])
        }
        (Op::Conv(conv), 1) => (Op::ConvFilterGrad(*conv), vec![input(0), dy]),
        (Op::Dense, 0) => (Op::DenseInputGrad, vec![dy, input(1)]),
        (Op::Dense, 1) => (Op::DenseWeightGrad, vec![input(0), dy]),
        (Op::Conv(_) | Op::Dense, _) => (Op::BiasGrad, vec![dy]),
        (Op::Pool(pool), _) if pool.kind == PoolKind::Max => (Op::PoolGrad(*pool), vec![dy, input(0)]),
        (Op::Pool(pool), _) => (Op::PoolGrad(*pool), vec![dy]),
        (Op::Act(act), _) if act.slope_follows_value() => (Op::ActGrad(*act), vec![node, dy]),
        (Op::Act(act), _) => (Op::ActGrad(*act), vec![input(0), dy]),
        (Op::Prelu, 0) => (Op::PreluGrad, vec![input(0), input(1), dy]),
        (Op::Prelu, _) => (Op::SlopeGrad, vec![input(0), dy]),
        (Op::Dropout { .. }, _) => (forward.op.clone(), vec![dy]),
        (Op::Normalize, 0) => return Some(normalize_grad(graph, &forward, dy)),
        (Op::Normalize, 2) => return Some(scale_and_shift(graph, &forward, dy)[0]),
        (Op::Normalize, 3) => return Some(scale_and_shift(graph, &forward, dy)[1]),
        // What depends on the statistics is part of the gradient of `x`.
        (Op::Normalize, _) => return None,
        (Op::NormalizeRunning { eps }, 0) => {
            (Op::NormalizeRunningGrad { eps: *eps }, vec![dy, input(2), input(3)])
        }
        (Op::SampleNorm(axes), 0) => {
            let (axes, stats, gamma) = (*axes, input(1), forward.inputs.get(2));
            let read = |sums: Option<NodeId>| {
                [input(0), dy, stats].into_iter().chain(sums).chain(gamma.copied()).collect()
            };
            let shape = graph[stats].shape.clone();
            let sums = graph.push(Op::SampleNormSums(axes), read(None), shape, forward.layer);
            (Op::SampleNormGrad(axes), read(Some(sums)))
        }
        // What depends on the statistics of a sample is part of the gradient of `x`.
        (Op::SampleNorm(_), 1) => return None,
        (Op::SampleNorm(axes), 2) => (Op::SampleScaleGrad(*axes), vec![input(0), input(1), dy]),
        (Op::SampleNorm(_), _) => (Op::BiasGrad, vec![dy]),
        // The gradient of `x` in the norm goes through its statistics, too.
        (Op::SampleStats { .. }, _) => return None,
        (Op::Lrn(response), _) => (Op::LrnGrad(*response), vec![input(0), dy]),
        (Op::Maxout { pieces }, _) => (Op::MaxoutGrad { pieces: *pieces }, vec![input(0), dy]),
        (Op::Softmax, _) => (Op::SoftmaxGrad, vec![node, dy]),
        (Op::Gate, 0) => (Op::Gate, vec![dy, input(1)]),
        (Op::Gate, _) => (Op::GateGrad, vec![input(0), dy]),
        (Op::Shift { top, left }, _) => (Op::Shift { top: -top, left: -left }, vec![dy]),
        (Op::Upsample(upsample), _) => (Op::UpsampleGrad(*upsample), vec![dy]),
        (Op::Reshape, _) => (Op::Reshape, vec![dy]),
        (Op::Add, _) => return Some(dy),
        (Op::Mul, _) => (Op::Mul, vec![dy, input(1 - slot)]),
        (Op::Concat, _) => {
            let start = forward.inputs[..slot].iter().map(|&id| graph[id].shape[0]).sum();
            (Op::Slice { start }, vec![dy])
        }
        (op, _) => unreachable!("{op:?} is no forward operation with a gradient"),
    };
    let shape = graph[input(slot)].shape.clone();
    Some(graph.push(op, inputs, shape, forward.layer))
}

/// The gradients of gamma and beta, which one step computes.
fn scale_and_shift(graph: &mut Graph, normalize: &Node, dy: NodeId) -> [NodeId; 2] {
    let &[x, stats, gamma, _] = normalize.inputs.as_slice() else { unreachable!("{normalize:?}") };
    let mut once = |op: Op, inputs: Vec<NodeId>| {
        let is_made = |node: &Node| node.op == op && node.inputs == inputs && node.layer == normalize.layer;
        let made = (dy.0..graph.nodes.len()).find(|&id| is_made(&graph.nodes[id]));
        let shape = graph[gamma].shape.clone();
        made.map_or_else(|| graph.push(op, inputs, shape, normalize.layer), NodeId)
    };
    [once(Op::ScaleGrad, vec![x, stats, dy]), once(Op::BiasGrad, vec![dy])]
}

/// The gradient of what was normalised, which needs both sums.
fn normalize_grad(graph: &mut Graph, normalize: &Node, dy: NodeId) -> NodeId {
    let [dgamma, dbeta] = scale_and_shift(graph, normalize, dy);
    let &[x, stats, gamma, _] = normalize.inputs.as_slice() else { unreachable!("{normalize:?}") };
    let inputs = vec![dy, x, stats, gamma, dgamma, dbeta];
    graph.push(Op::NormalizeGrad, inputs, normalize.shape.clone(), normalize.layer)
}
