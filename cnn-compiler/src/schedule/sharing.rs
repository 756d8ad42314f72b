//! Lets the parts of a concatenation be written where the concatenation needs them.
//!
//! A concatenation may itself be a part of a longer one, so that a chain of them grows in one
//! buffer.

use indexmap::IndexMap;

use crate::{
    ir::{
        Graph, NodeId, Op,
        form::{BLOCK, Form},
    },
    passes::fuse::Group,
};

/// Concatenation and channel at which a value lies in it.
pub type Home = (NodeId, usize);

/// Where a value lies inside a concatenation, if it can be written there at once: its start must be
/// the start of a block, it must be the result of a step or a concatenation, and the same storage
/// must not want it twice. The first concatenation has it, others copy.
pub fn homes(graph: &Graph, forms: &[Option<Form>], groups: &[Group]) -> IndexMap<NodeId, Home> {
    let results = groups.iter().filter(|group| {
        !matches!(graph[group[0]].op, Op::Input | Op::Param(_) | Op::Reshape | Op::Slice { .. })
    });
    let mut values: Vec<NodeId> = results.filter_map(|group| group.last().copied()).collect();
    values.sort_by_key(|&value| std::cmp::Reverse(value));
    let wants = wants(graph);
    let mut homes = IndexMap::new();
    // Later values first: the storage of what joins a value is settled before the value's own.
    for value in values {
        let Some(wants) = wants.get(&value) else { continue };
        let root = |mut concat: NodeId| {
            while let Some(&(longer, _)) = homes.get(&concat) {
                concat = longer;
            }
            concat
        };
        let roots: Vec<NodeId> = wants.iter().map(|&(concat, _)| root(concat)).collect();
        let only = |of: NodeId| roots.iter().filter(|&&root| root == of).count() == 1;
        let fits = |&&(home, root): &&(Home, NodeId)| home.1.is_multiple_of(BLOCK) && only(root);
        let stored_alike = forms[value.0] == Some(Form::of(&graph[value].shape));
        let candidates: Vec<_> = wants.iter().copied().zip(roots.iter().copied()).collect();
        if let Some(&(home, _)) = candidates.iter().find(fits).filter(|_| stored_alike) {
            homes.insert(value, home);
        }
    }
    homes
}

/// The concatenations that each value is a part of.
fn wants(graph: &Graph) -> IndexMap<NodeId, Vec<Home>> {
    let mut wants: IndexMap<NodeId, Vec<Home>> = IndexMap::new();
    for id in (0..graph.nodes.len()).map(NodeId).filter(|&id| graph[id].op == Op::Concat) {
        let mut channel = 0;
        for &value in &graph[id].inputs {
            wants.entry(value).or_default().push((id, channel));
            channel += graph[value].shape[0];
        }
    }
    wants
}
