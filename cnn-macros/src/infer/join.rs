//! Joins: `add` of equal shapes, `concat` of maps that differ in channels only.

use super::{Infer, Site, errors};
use crate::ir::{NodeId, Op};

pub(super) fn add(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    agree(infer, site, 0)?;
    let shape = infer.graph[site.inputs[0].0].shape.clone();
    infer.push(site, Op::Add, nodes(site), shape)
}

pub(super) fn concat(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    agree(infer, site, 1)?;
    let mut shape = infer.graph[site.inputs[0].0].shape.clone();
    // Each input was small enough to index, and there are at most as many as layers.
    shape[0] = site.inputs.iter().map(|&(node, _)| infer.graph[node].shape[0]).sum();
    infer.push(site, Op::Concat, nodes(site), shape)
}

fn nodes(site: &Site) -> Vec<NodeId> {
    site.inputs.iter().map(|&(node, _)| node).collect()
}

/// Checks that all inputs have the first one's shape, from dimension `from` on. Of two that do not, both places get an error.
fn agree(infer: &mut Infer, site: &Site, from: usize) -> Option<()> {
    let &(first, first_span) = &site.inputs[0];
    for &(other, span) in &site.inputs[1..] {
        let [a, b] = [first, other].map(|node| &infer.graph[node]);
        if a.shape.len() == b.shape.len() && a.shape[from..] == b.shape[from..] {
            continue;
        }
        let kind = infer.graph.layers[site.id.0].kind;
        let [a, b] = [a, b].map(|node| (&*infer.graph.layers[node.layer.0].name, &*node.shape));
        let message = errors::shapes_differ(kind, a, b);
        let join = &infer.graph.layers[site.id.0].name;
        let note = format!("{join}: {} yields {} here", a.0, errors::shape(a.1));
        infer.errors.error_at_both([span, first_span], [format!("{join}: {message}"), note]);
        return None;
    }
    Some(())
}
