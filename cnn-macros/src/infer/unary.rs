//! Layers that keep the shape, and `flatten`.

use super::{Infer, Site, errors};
use crate::ir::{Act, NodeId, Op};

pub(super) fn relu(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Relu))
}

pub(super) fn leaky_relu(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::LeakyRelu(site.args.number("slope"))))
}

pub(super) fn elu(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Elu(site.args.number("alpha"))))
}

pub(super) fn sigmoid(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Sigmoid))
}

pub(super) fn tanh(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    same_shape(infer, site, Op::Act(Act::Tanh))
}

/// Each dropout has a random stream of its own.
pub(super) fn dropout(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let stream = infer.dropouts;
    infer.dropouts += 1;
    same_shape(infer, site, Op::Dropout { rate: site.args.number("rate"), stream })
}

/// `[C, H, W]` to `[C*H*W]`
pub(super) fn flatten(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    // The input's elements were counted when its node was made.
    let elements = infer.graph[input].shape.iter().product();
    infer.push(site, Op::Reshape, vec![input], vec![elements])
}

/// The loss contains the softmax, so no network needs one.
pub(super) fn softmax(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    infer.error(site.id, site.word, errors::SOFTMAX);
    None
}

fn same_shape(infer: &mut Infer, site: &Site, op: Op) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let shape = infer.graph[input].shape.clone();
    infer.push(site, op, vec![input], shape)
}
