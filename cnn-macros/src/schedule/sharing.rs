//! Lets the parts of a concatenation be written where the concatenation needs them.

use indexmap::IndexMap;

use crate::{
    ir::{
        Graph, NodeId, Op,
        form::{BLOCK, Form},
    },
    passes::fuse::Group,
};

/// Where a value lies inside a concatenation, if it can be written there at once: its start must be the start of a block,
/// it must be the result of a step, and no other concatenation may want it. An entry names concatenation and channel.
pub fn homes(graph: &Graph, forms: &[Option<Form>], groups: &[Group]) -> IndexMap<NodeId, (NodeId, usize)> {
    let concats: Vec<NodeId> =
        (0..graph.nodes.len()).map(NodeId).filter(|&id| graph[id].op == Op::Concat).collect();
    let wanted_once = |value: NodeId| {
        concats.iter().flat_map(|&id| &graph[id].inputs).filter(|&&input| input == value).count() == 1
    };
    let is_result = |value: NodeId| {
        let owner = groups.iter().find(|group| group.last() == Some(&value));
        owner.is_some_and(|group| !matches!(graph[group[0]].op, Op::Input | Op::Reshape | Op::Slice { .. }))
    };
    let mut homes = IndexMap::new();
    for &id in &concats {
        let mut start = 0;
        for &value in &graph[id].inputs {
            let shape = &graph[value].shape;
            let stored_alike = forms[value.0] == Some(Form::of(shape));
            if start % BLOCK == 0 && stored_alike && is_result(value) && wanted_once(value) {
                homes.insert(value, (id, start));
            }
            start += shape[0];
        }
    }
    homes
}
