//! Reverse-mode differentiation: a forward graph goes in, the same graph with its losses and
//! gradients comes out.
//!
//! The gradient of a parameter with several readers is the sum of what they contribute, which is
//! added up when all of it is there. Each part is a gradient of its own, and no parameter; the first
//! one may lie where the sum is wanted, unless something else reads it too.
//!
//! Only values that a trainable parameter feeds get a gradient, so a frozen layer costs no backward
//! work and keeps no activation. All losses and the gradients of their logits come before the first
//! other backward node.

use super::grad::input_gradient;
use crate::ir::{Graph, Node, NodeId, Op, Param, ParamId};

/// Appends losses and backward nodes, and fills [`Graph::gradients`].
pub fn differentiate(mut graph: Graph) -> Graph {
    let forward = graph.nodes.len();
    let wanted = fed_by_parameters(&graph);
    let mut received = vec![None; forward];
    let mut parts = vec![Vec::new(); graph.params.len()];
    for (logits, gradient) in push_losses(&mut graph, &wanted) {
        receive(&mut graph, &mut received, logits, gradient);
    }
    graph.gradients = vec![None; graph.params.len()];
    for node in (0..forward).rev().map(NodeId).filter(|node| wanted[node.0]) {
        if let Op::Param(param) = graph[node].op {
            sum(&mut graph, node, param, &parts[param.0]);
        }
        let Some(dy) = received[node.0] else { continue };
        let inputs = graph[node].inputs.clone();
        for slot in parameters_first(inputs.len()).filter(|&slot| wanted[inputs[slot].0]) {
            let gradient = input_gradient(&mut graph, node, slot, dy);
            match (gradient, &graph[inputs[slot]].op) {
                (Some(gradient), &Op::Param(param)) => parts[param.0].push(gradient),
                (Some(gradient), _) => receive(&mut graph, &mut received, inputs[slot], gradient),
                (None, _) => {}
            }
        }
    }
    graph
}

/// For each node, whether a trainable parameter is among its ancestors or is the node itself.
fn fed_by_parameters(graph: &Graph) -> Vec<bool> {
    let mut fed: Vec<bool> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        fed.push(match node.op {
            Op::Param(param) => graph.params[param.0].trainable,
            _ => node.inputs.iter().any(|input| fed[input.0]),
        });
    }
    fed
}

/// Appends each loss, and the gradient of those logits that can have one.
fn push_losses(graph: &mut Graph, wanted: &[bool]) -> Vec<(NodeId, NodeId)> {
    let mut gradients = Vec::new();
    for loss in graph.losses.clone() {
        let (kind, weight) = (loss.kind, loss.weight);
        graph.push(Op::Loss { kind, weight }, vec![loss.logits], vec![1], loss.layer);
        if wanted[loss.logits.0] {
            let shape = graph[loss.logits].shape.clone();
            let op = Op::LossGrad { kind, weight };
            gradients.push((loss.logits, graph.push(op, vec![loss.logits], shape, loss.layer)));
        }
    }
    gradients
}

/// Adds to the gradient of a node what one of its uses contributes. Sums are made at once, in the
/// step that computes the newest part, so that no more than one part waits.
fn receive(graph: &mut Graph, received: &mut [Option<NodeId>], node: NodeId, part: NodeId) {
    received[node.0] = Some(match received[node.0] {
        None => part,
        Some(sum) => {
            let (shape, layer) = (graph[node].shape.clone(), graph[node].layer);
            graph.push(Op::Add, vec![sum, part], shape, layer)
        }
    });
}

/// The gradient of a parameter, of what its readers contribute.
fn sum(graph: &mut Graph, node: NodeId, param: ParamId, parts: &[NodeId]) {
    let Node { shape, layer, .. } = graph[node].clone();
    graph.gradients[param.0] = match parts {
        [] => None,
        [gradient] => Some(*gradient),
        [first, rest @ ..] => {
            let is_read = graph.nodes.iter().any(|node| node.inputs.contains(first));
            for &part in is_read.then_some(first).into_iter().chain(rest) {
                let of = Param { part_of: Some(param), ..graph.params[param.0].clone() };
                graph.params.push(of);
                graph.gradients.push(Some(part));
            }
            Some(graph.push(Op::SumGradients, parts.to_vec(), shape, layer))
        }
    };
}

/// Parameters take their gradient as soon as `dy` is known, while it and the input are still at
/// hand.
fn parameters_first(inputs: usize) -> impl Iterator<Item = usize> {
    (1..inputs).chain((inputs > 0).then_some(0))
}
