//! Small rewrites that save memory or a step; values of losses, logits and gradients stay the same.
//!
//! | rewrite | why |
//! |---|---|
//! | dropout in inference, or at rate 0 -> its input | it is the identity |
//! | join of one value -> that value; reshape or slice to the same shape -> its input | nothing happens |
//! | relu's gradient behind a dropout's mask reads the dropout's output | signs agree where the mask keeps, and elsewhere the gradient is 0: relu's output need not be kept |
//! | a node that no result depends on -> nothing | |

use super::Mode;
use crate::ir::{Act, Graph, Node, NodeId, Op};

/// The differentiated graph, smaller.
pub fn training(graph: Graph) -> Graph {
    remove_dead(rewrite(graph, Mode::Train))
}

/// The forward graph as inference runs it: no dropout, no auxiliary output.
pub fn inference(mut graph: Graph) -> Graph {
    graph.losses.truncate(1);
    remove_dead(rewrite(graph, Mode::Infer))
}

/// Replaces nodes one by one, in order; every reference to a replaced node follows.
fn rewrite(mut graph: Graph, mode: Mode) -> Graph {
    let mut stands_for: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    for index in 0..graph.nodes.len() {
        for input in &mut graph.nodes[index].inputs {
            *input = stands_for[input.0];
        }
        let id = NodeId(index);
        stands_for.push(if is_identity(&graph, id, mode) { graph[id].inputs[0] } else { id });
        if let Some(output) = masked_output(&graph, id) {
            graph.nodes[index].inputs[0] = output;
        }
    }
    redirect(&mut graph, |id| stands_for[id.0]);
    graph
}

fn is_identity(graph: &Graph, id: NodeId, mode: Mode) -> bool {
    let node = &graph[id];
    let keeps_shape = || node.inputs.len() == 1 && graph[node.inputs[0]].shape == node.shape;
    match node.op {
        Op::Dropout { rate, .. } => mode == Mode::Infer || rate == 0.0,
        Op::Add | Op::Concat | Op::Reshape | Op::Slice { .. } => keeps_shape(),
        _ => false,
    }
}

/// For the gradient of an activation that depends on the sign of its output only, and that comes
/// through the mask of a dropout right behind that activation: the dropout's output.
fn masked_output(graph: &Graph, id: NodeId) -> Option<NodeId> {
    let Node { op: Op::ActGrad(Act::Relu | Act::LeakyRelu(_)), inputs, .. } = &graph[id] else { return None };
    let &[output, gradient] = inputs.as_slice() else { return None };
    let Op::Dropout { .. } = graph[gradient].op else { return None };
    let masks = |node: &Node| node.op == graph[gradient].op && node.inputs == [output];
    graph.nodes[..id.0].iter().position(masks).map(NodeId)
}

/// Drops the nodes on which no result depends. The input stays: images are always written.
fn remove_dead(mut graph: Graph) -> Graph {
    let is_root = |node: &Node| matches!(node.op, Op::Input | Op::Loss { .. });
    let mut live: Vec<bool> = graph.nodes.iter().map(is_root).collect();
    let logits = graph.losses.iter().map(|loss| loss.logits);
    logits.chain(graph.gradients.iter().flatten().copied()).for_each(|id| live[id.0] = true);
    for id in (0..graph.nodes.len()).rev() {
        if live[id] {
            graph.nodes[id].inputs.iter().for_each(|input| live[input.0] = true);
        }
    }
    let kept_before = live.iter().scan(0, |kept, &live| Some(std::mem::replace(kept, *kept + live as usize)));
    let ids: Vec<NodeId> = kept_before.map(NodeId).collect();
    let mut keep = live.iter().copied();
    graph.nodes.retain(|_| keep.next() == Some(true));
    redirect(&mut graph, |id| ids[id.0]);
    graph
}

/// Renames every reference to a node.
fn redirect(graph: &mut Graph, to: impl Fn(NodeId) -> NodeId) {
    let inputs = graph.nodes.iter_mut().flat_map(|node| &mut node.inputs);
    let logits = graph.losses.iter_mut().map(|loss| &mut loss.logits);
    let gradients = graph.gradients.iter_mut().flatten();
    inputs.chain(logits).chain(gradients).for_each(|id| *id = to(*id));
}
