//! Rewrites of the forward graph before differentiation.
//!
//! | node | becomes |
//! |---|---|
//! | batch norm, in training | statistics of the batch, and a normalisation by them |
//! | batch norm, in inference or frozen | a normalisation by the running statistics |
//! | any other norm | statistics of each sample, and a normalisation by them |
//! | `concat(a, b, c)` where `concat(a, b)` stands before it | `concat(concat(a, b), c)`: the longer one continues the shorter one's storage, and so does its gradient |

use indexmap::IndexMap;

use super::Mode;
use crate::ir::{Graph, Node, NodeId, Norm, Op, op::stats_shape};

/// The graph with every layer as the mode runs it.
pub fn lower(graph: Graph, mode: Mode) -> Graph {
    let mut lowered = Graph { nodes: Vec::with_capacity(graph.nodes.len()), ..graph.clone() };
    let mut ids: Vec<NodeId> = Vec::with_capacity(graph.nodes.len());
    let mut joined = IndexMap::new();
    for node in &graph.nodes {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|input| ids[input.0]).collect();
        let Node { op, shape, layer, .. } = node.clone();
        ids.push(match op {
            Op::Norm(Norm::Batch { eps, momentum }) => {
                batch_norm(&mut lowered, node, &inputs, mode, [eps, momentum])
            }
            Op::Norm(Norm::Sample { axes, eps }) => {
                let stats = stats_shape(axes, &shape);
                let stats = lowered.push(Op::SampleStats { axes, eps }, vec![inputs[0]], stats, layer);
                let inputs = [&[inputs[0], stats], &inputs[1..]].concat();
                lowered.push(Op::SampleNorm(axes), inputs, shape, layer)
            }
            Op::Concat => {
                let parts = continued(&joined, &inputs);
                let id = lowered.push(op, parts, shape, layer);
                joined.insert(inputs, id);
                id
            }
            _ => lowered.push(op, inputs, shape, layer),
        });
    }
    for loss in &mut lowered.losses {
        loss.logits = ids[loss.logits.0];
    }
    lowered
}

fn batch_norm(
    graph: &mut Graph,
    node: &Node,
    inputs: &[NodeId],
    mode: Mode,
    [eps, momentum]: [f32; 2],
) -> NodeId {
    let &[x, gamma, beta, mean, variance] = inputs else { unreachable!("{node:?}") };
    let (op, inputs) = match mode {
        Mode::Train if !graph.is_fixed(&Node { inputs: inputs.to_vec(), ..node.clone() }) => {
            let op = Op::BatchStats { eps, momentum };
            let stats = graph.push(op, vec![x, mean, variance], vec![2, node.shape[0]], node.layer);
            (Op::Normalize, vec![x, stats, gamma, beta])
        }
        Mode::Train | Mode::Infer => (Op::NormalizeRunning { eps }, vec![x, mean, variance, gamma, beta]),
    };
    graph.push(op, inputs, node.shape.clone(), node.layer)
}

/// The parts of a concatenation, the longest run at their start that was joined before in its
/// place.
fn continued(joined: &IndexMap<Vec<NodeId>, NodeId>, parts: &[NodeId]) -> Vec<NodeId> {
    let prefix = (2..parts.len()).rev().find_map(|len| Some((len, *joined.get(&parts[..len])?)));
    match prefix {
        Some((len, whole)) => std::iter::once(whole).chain(parts[len..].iter().copied()).collect(),
        None => parts.to_vec(),
    }
}
