//! Partitions a graph into groups that become one step each: an anchor, then element-wise nodes in
//! its epilogue.
//!
//! A group's inner values have no other use and are never stored. Where a group stands is for
//! [`order`](super::fused_update::order).

use crate::ir::{Graph, NodeId, Op, Run, form::Form};

/// Nodes that share a step, the anchor first. A reshape in the middle changes no storage.
pub type Group = Vec<NodeId>;

/// Groups in order of their anchors; every node is in exactly one.
pub fn fuse(graph: &Graph, forms: &[Option<Form>]) -> Vec<Group> {
    let uses = count_uses(graph);
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of: Vec<usize> = Vec::with_capacity(graph.nodes.len());
    for id in (0..graph.nodes.len()).map(NodeId) {
        let joins = match graph[id].op.run() {
            Run::Companion => companion(graph, &groups, id),
            _ => chained(graph, id)
                .into_iter()
                .filter(|&value| uses[value.0] == 1 && forms[value.0] == forms[id.0])
                .filter(|&value| takes_epilogue(&graph[groups[group_of[value.0]][0]].op))
                .max()
                .map(|value| group_of[value.0]),
        };
        let group = joins.unwrap_or_else(|| {
            groups.push(Group::new());
            groups.len() - 1
        });
        groups[group].push(id);
        group_of.push(group);
    }
    groups
}

/// Readers of each value; the network's output is also read from outside.
fn count_uses(graph: &Graph) -> Vec<usize> {
    let mut uses = vec![0; graph.nodes.len()];
    let read = graph.nodes.iter().flat_map(|node| &node.inputs);
    read.chain(graph.losses.iter().map(|loss| &loss.logits)).for_each(|value| uses[value.0] += 1);
    uses
}

/// Operands through which an element-wise node can continue a step.
fn chained(graph: &Graph, id: NodeId) -> Vec<NodeId> {
    let node = &graph[id];
    match node.op {
        Op::Add | Op::Mul | Op::Reshape => node.inputs.clone(),
        Op::ActGrad(_) => vec![node.inputs[1]],
        Op::PreluGrad => vec![node.inputs[2]],
        _ if node.op.run() == Run::Elementwise => vec![node.inputs[0]],
        _ => Vec::new(),
    }
}

/// Whether a step has an epilogue; a loss has two results and none, and statistics need none.
fn takes_epilogue(anchor: &Op) -> bool {
    matches!(anchor.run(), Run::Elementwise | Run::Sample | Run::Batch)
        && !matches!(anchor, Op::Loss { .. } | Op::SampleStats { .. } | Op::SampleNormSums(_))
}

/// The group that computes this node on the way: the gradient of the same layer's weights and `dy`
/// for a bias gradient, the loss for the gradient of its logits.
fn companion(graph: &Graph, groups: &[Group], id: NodeId) -> Option<usize> {
    let node = &graph[id];
    groups.iter().rposition(|group| {
        let anchor = &graph[group[0]];
        group.len() == 1
            && anchor.layer == node.layer
            && anchor.inputs.last() == node.inputs.last()
            && match anchor.op {
                Op::Loss { .. } => matches!(node.op, Op::LossGrad { .. }),
                _ => node.op == Op::BiasGrad && anchor.op.run() == Run::Reduce,
            }
    })
}
