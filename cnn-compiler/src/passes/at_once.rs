//! Large parameters that an engine can update in the step that computes their gradient, so that it is never whole in memory.
//!
//! That takes a step whose sums are finished part by part, behind every other step that reads the parameter: the gradient of the
//! layer's input does. For small parameters it would only keep activations alive for longer.

use super::{fuse::Group, layout::differentiated};
use crate::ir::{Algorithm, Conv, Graph, NodeId, Op, ParamId};

/// Elements that the caches around a core do not hold together with their gradient and state: 4 MiB each.
const LARGE: usize = 1 << 20;

/// The parameter that can be updated where `node` computes its gradient.
pub fn updated(graph: &Graph, node: NodeId) -> Option<ParamId> {
    let by_parts = match graph[node].op {
        Op::DenseWeightGrad => true,
        Op::ConvFilterGrad(Conv { algorithm, .. }) => algorithm != Algorithm::Direct,
        _ => false,
    };
    let is_large = || graph[node].shape.iter().product::<usize>() >= LARGE;
    (by_parts && is_large()).then(|| differentiated(graph, node))
}

/// Puts groups in order of execution: each where its last node stands, but an update behind the last reader of its parameter.
pub fn order(graph: &Graph, groups: &mut [Group]) {
    let last = |group: &Group| *group.last().expect("a group has an anchor");
    let mut last_reader = vec![None; graph.params.len()];
    for group in groups.iter() {
        for &input in group.iter().flat_map(|&node| &graph[node].inputs) {
            if let Op::Param(ParamId(param)) = graph[input].op {
                last_reader[param] = last_reader[param].max(Some(last(group)));
            }
        }
    }
    groups.sort_by_key(|group| {
        let reader = updated(graph, group[0]).and_then(|param| last_reader[param.0]);
        (reader.max(Some(last(group))), reader.is_some())
    });
}
