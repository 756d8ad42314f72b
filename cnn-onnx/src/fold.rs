//! Which batch norms go into the layer before them: those behind a convolution or a dense layer
//! whose value and whose parameters nobody else reads.

use cnn_plan::{Axes, GraphOp, tables::GraphNode};

/// For each node, the index of the batch norm that it takes in.
pub(crate) fn folded(graph: &[GraphNode]) -> Vec<Option<usize>> {
    let mut taken = vec![None; graph.len()];
    for (index, node) in graph.iter().enumerate() {
        let (GraphOp::Norm { axes: Axes::Batch, .. }, &[input]) = (node.op, node.inputs) else { continue };
        if is_linear(&graph[input].op) && is_alone(graph, input) {
            taken[input] = Some(index);
        }
    }
    taken
}

/// The number of batch norms.
pub(crate) fn count(graph: &[GraphNode]) -> usize {
    graph.iter().filter(|node| matches!(node.op, GraphOp::Norm { axes: Axes::Batch, .. })).count()
}

fn is_linear(op: &GraphOp) -> bool {
    match op {
        GraphOp::Conv { .. } | GraphOp::Dense => true,
        GraphOp::Input
        | GraphOp::Pool { .. }
        | GraphOp::Act(_)
        | GraphOp::Prelu
        | GraphOp::Norm { .. }
        | GraphOp::Lrn(_)
        | GraphOp::Maxout { .. }
        | GraphOp::Softmax
        | GraphOp::Gate
        | GraphOp::Pad { .. }
        | GraphOp::Flatten
        | GraphOp::Add
        | GraphOp::Mul
        | GraphOp::Upsample { .. }
        | GraphOp::Concat => false,
    }
}

/// True of a node whose value has one reader and whose parameters have no other.
fn is_alone(graph: &[GraphNode], index: usize) -> bool {
    let readers = graph.iter().flat_map(|node| node.inputs).filter(|&&input| input == index).count();
    let shares = |node: &GraphNode| node.params.iter().any(|param| graph[index].params.contains(param));
    readers == 1 && graph.iter().filter(|node| shares(node)).count() == 1
}
