//! Layers of one input without parameters: activations, dropout, `maxout` and `flatten`.

use super::{Infer, Site, errors};
use crate::ir::{Act, NodeId, Op};

pub(super) fn relu(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Relu))
}

pub(super) fn leaky_relu(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::LeakyRelu(site.args.values.number("slope"))))
}

pub(super) fn elu(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Elu(site.args.values.number("alpha"))))
}

pub(super) fn sigmoid(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Sigmoid))
}

pub(super) fn tanh(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Tanh))
}

pub(super) fn dropout(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    drop(infer, site, false)
}

/// `channel_dropout` drops whole channels of a map (Tompson et al. 2015).
pub(super) fn channel_dropout(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    infer.map_input(site)?;
    drop(infer, site, true)
}

/// A node of dropout; each has a random stream of its own.
fn drop(infer: &mut Infer, site: &Site, channelwise: bool) -> Option<NodeId> {
    let stream = infer.dropouts;
    infer.dropouts += 1;
    same_shape(infer, site, Op::Dropout { rate: site.args.values.number("rate"), stream, channelwise })
}

/// `maxout`: `[pieces * C, …]` to `[C, …]`
pub(super) fn maxout(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let mut shape = infer.graph[input].shape.clone();
    let pieces = site.args.values.count("pieces");
    if !shape[0].is_multiple_of(pieces) {
        infer.shape_error(site, site.args.span("pieces"), errors::pieces(pieces, &shape), None);
        return None;
    }
    shape[0] /= pieces;
    infer.push(site, Op::Maxout { pieces }, vec![input], shape)
}

/// `flatten`: `[C, H, W]` to `[C*H*W]`
pub(super) fn flatten(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    // The input's elements were counted when its node was made.
    let elements = infer.graph[input].shape.iter().product();
    infer.push(site, Op::Reshape, vec![input], vec![elements])
}

/// `softmax` over the channels of each position.
pub(super) fn softmax(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Softmax)
}

fn same_shape(infer: &mut Infer, site: &Site, op: Op) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let shape = infer.graph[input].shape.clone();
    infer.push(site, op, vec![input], shape)
}
