//! Layers of one input whose elements, positions or channels stand alone: activations, dropout,
//! `maxout`, `softmax` and `flatten`.

use super::{Shaper, Site, append::Tensor, errors};
use crate::ir::{Act, NodeId, Op};

pub(super) fn activation(shaper: &mut Shaper, site: &Site, act: Act) -> Option<NodeId> {
    same_shape(shaper, site, Op::Act(act))
}

/// `prelu`, with `weight: [1]`, or `[C]` where each channel has its own slope (He et al. 2015).
pub(super) fn prelu(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let shape = shaper.graph[input].shape.clone();
    let slopes = if site.args.values.flag("per_channel") { shape[0] } else { 1 };
    let start = site.args.values.number("start");
    let slope = shaper.param(site, Tensor::vector("weight", slopes, start, false))?;
    shaper.push(site, Op::Prelu, vec![input, slope], shape)
}

pub(super) fn dropout(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    drop(shaper, site, false)
}

/// `channel_dropout` drops whole channels of a map (Tompson et al. 2015).
pub(super) fn channel_dropout(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    shaper.map_input(site)?;
    drop(shaper, site, true)
}

/// A node of dropout; each has a random stream of its own.
fn drop(shaper: &mut Shaper, site: &Site, channelwise: bool) -> Option<NodeId> {
    let stream = shaper.dropouts;
    shaper.dropouts += 1;
    same_shape(shaper, site, Op::Dropout { rate: site.args.values.number("rate"), stream, channelwise })
}

/// `maxout`: `[pieces * C, …]` to `[C, …]`
pub(super) fn maxout(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let mut shape = shaper.graph[input].shape.clone();
    let pieces = site.args.values.count("pieces");
    if !shape[0].is_multiple_of(pieces) {
        shaper.shape_error(site, site.args.span("pieces"), errors::divides("pieces", pieces, &shape), None);
        return None;
    }
    shape[0] /= pieces;
    shaper.push(site, Op::Maxout { pieces }, vec![input], shape)
}

/// `flatten`: `[C, H, W]` to `[C*H*W]`
pub(super) fn flatten(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    // The input's elements were counted when its node was made.
    let elements = shaper.graph[input].shape.iter().product();
    shaper.push(site, Op::Reshape, vec![input], vec![elements])
}

/// `softmax` over the channels of each position.
pub(super) fn softmax(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    same_shape(shaper, site, Op::Softmax)
}

fn same_shape(shaper: &mut Shaper, site: &Site, op: Op) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let shape = shaper.graph[input].shape.clone();
    shaper.push(site, op, vec![input], shape)
}
