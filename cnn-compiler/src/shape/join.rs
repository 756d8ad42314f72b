//! Joins: `add` of equal shapes, `concat` of values that differ in channels only, `mul` of equal
//! shapes or by a factor for each channel.

use super::{Shaper, Site, errors};
use crate::{
    ast::Span,
    ir::{NodeId, Op},
};

pub(super) fn add(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    agree(shaper, site, 0)?;
    let shape = shaper.graph[site.inputs[0].0].shape.clone();
    shaper.push(site, Op::Add, nodes(site), shape)
}

pub(super) fn concat(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    agree(shaper, site, 1)?;
    let mut shape = shaper.graph[site.inputs[0].0].shape.clone();
    // Each input was small enough to index, and there are at most as many as layers.
    shape[0] = site.inputs.iter().map(|&(node, _)| shaper.graph[node].shape[0]).sum();
    shaper.push(site, Op::Concat, nodes(site), shape)
}

/// `mul`: a value times another of its shape, or a map `[C, H, W]` times a gate `[C, 1, 1]` or
/// `[C]`.
pub(super) fn mul(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [(x, x_span), (gate, gate_span)] = site.inputs[..] else { return None };
    let [shape, factors] = [x, gate].map(|node| shaper.graph[node].shape.clone());
    if shape == factors {
        return shaper.push(site, Op::Mul, vec![x, gate], shape);
    }
    if shape.len() == 1 {
        // Of values that differ, both places get an error.
        agree(shaper, site, 0)?;
    }
    if factors[..] != [shape[0]] && factors[..] != [shape[0], 1, 1] {
        let [x, gate] = [x, gate].map(|node| shaper.yields(node));
        let message = errors::gate(&x, shape[0], &gate);
        shaper.error_at_both(site, [gate_span, x_span], message, x);
        return None;
    }
    shaper.push(site, Op::Gate, vec![x, gate], shape)
}

fn nodes(site: &Site) -> Vec<NodeId> {
    site.inputs.iter().map(|&(node, _)| node).collect()
}

/// Checks that all inputs have the first one's shape, from dimension `from` on. Of two that do not,
/// both places get an error.
fn agree(shaper: &mut Shaper, site: &Site, from: usize) -> Option<()> {
    let &(first, first_span) = &site.inputs[0];
    for &(other, span) in &site.inputs[1..] {
        let [a, b] = [first, other].map(|node| &shaper.graph[node]);
        if a.shape.len() == b.shape.len() && a.shape[from..] == b.shape[from..] {
            continue;
        }
        let [a, b] = [first, other].map(|node| shaper.yields(node));
        let message = errors::shapes_differ(shaper.graph.layers[site.id.0].kind, &a, &b);
        shaper.error_at_both(site, [span, first_span], message, a);
        return None;
    }
    Some(())
}

impl Shaper {
    /// `conv1 yields 32x26x26`
    fn yields(&self, node: NodeId) -> String {
        let node = &self.graph[node];
        format!("{} yields {}", self.graph.layers[node.layer.0].name, errors::shape(&node.shape))
    }

    /// Adds an error about two inputs of a join, the wrong one's place first; the other's says what
    /// it yields.
    fn error_at_both(&mut self, site: &Site, spans: [Span; 2], message: String, yields: String) {
        let join = &self.graph.layers[site.id.0].name;
        let messages = [format!("{join}: {message}"), format!("{join}: {yields} here")];
        self.errors.error_at_both(spans, messages);
    }
}
