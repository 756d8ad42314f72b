//! Large parameters that an engine can update in the step that computes their gradient, so that it
//! is never whole in memory.
//!
//! That takes a step whose sums are finished part by part, behind every other step that reads the
//! parameter: the gradient of the layer's input does. For small parameters it would only keep
//! activations alive for longer.

use super::{fuse::Group, layout::differentiated};
use crate::ir::{Algorithm, Conv, Graph, NodeId, Op, ParamId};

/// Elements that the caches around a core do not hold together with their gradient and state: 4 MiB
/// each.
const LARGE: usize = 1 << 20;

/// The parameter that can be updated where `node` computes its gradient.
pub fn updated(graph: &Graph, node: NodeId) -> Option<ParamId> {
    let by_parts = match graph[node].op {
        Op::DenseWeightGrad => true,
        Op::ConvFilterGrad(Conv { algorithm, .. }) => algorithm != Algorithm::Direct,
        _ => false,
    };
    let is_large = || graph[node].shape.iter().product::<usize>() >= LARGE;
    let is_whole =
        |param: &ParamId| graph.gradients[param.0] == Some(node) && graph.params[param.0].part_of.is_none();
    (by_parts && is_large()).then(|| differentiated(graph, node)).filter(is_whole)
}

/// Puts groups in order of execution: each where its *last* node stands, since all it reads is ready
/// there and nothing earlier asks for its result; but an update behind the last reader of its
/// parameter, and an arrangement of filters right before the step that takes them.
pub fn order(graph: &Graph, groups: &mut [Group]) {
    let ends = ends(graph, groups);
    let end = |group: &Group| ends[group[0].0];
    let mut last_reader = vec![None; graph.params.len()];
    for group in groups.iter() {
        for &input in group.iter().flat_map(|&node| &graph[node].inputs) {
            if let Op::Param(ParamId(param)) = graph[input].op {
                last_reader[param] = last_reader[param].max(Some(end(group)));
            }
        }
    }
    groups.sort_by_key(|group| {
        let reader = updated(graph, group[0]).and_then(|param| last_reader[param.0]);
        let turn = match graph[group[0]].op {
            Op::TransposeFilters(_) => Turn::Prepare,
            _ if reader.is_some() => Turn::Update,
            _ => Turn::Compute,
        };
        (reader.max(Some(end(group))), turn)
    });
}

/// Which of the groups that end at a node comes first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Prepare,
    Compute,
    Update,
}

/// By anchor, the node at which a group ends: its last one, or that of the group that takes the
/// filters which it arranges.
fn ends(graph: &Graph, groups: &[Group]) -> Vec<NodeId> {
    let mut ends: Vec<NodeId> = (0..graph.nodes.len()).map(NodeId).collect();
    for group in groups {
        let last = *group.last().expect("a group has an anchor");
        ends[group[0].0] = last;
        if let Op::ConvInputGrad(_) = graph[group[0]].op {
            ends[graph[group[0]].inputs[1].0] = last;
        }
    }
    ends
}
