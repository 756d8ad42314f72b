//! Normalisation: `batch_norm` over the batch, with `weight, bias, running_mean, running_var: [C]`,
//! and `lrn` across channels. Both keep the shape.

use super::{Shaper, Site, append::Tensor, errors};
use crate::ir::{NodeId, Op, Response};

const MAX_SIZE: usize = cnn_plan::Response::MAX_SIZE;

/// `batch_norm`, which begins with scale 1, shift 0 and the statistics of standard normal values.
pub(super) fn batch_norm(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let input = site.inputs[0].0;
    let shape = shaper.graph[input].shape.clone();
    note_bias(shaper, site);
    let mut inputs = vec![input];
    for (name, start, buffer) in [
        ("weight", 1.0, false),
        ("bias", 0.0, false),
        ("running_mean", 0.0, true),
        ("running_var", 1.0, true),
    ] {
        inputs.push(shaper.param(site, Tensor::vector(name, shape[0], start, buffer))?);
    }
    let op =
        Op::BatchNorm { eps: site.args.values.number("eps"), momentum: site.args.values.number("momentum") };
    shaper.push(site, op, inputs, shape)
}

/// Notes a bias just before the norm, which the mean takes away again.
fn note_bias(shaper: &mut Shaper, site: &Site) {
    let node = &shaper.graph[site.inputs[0].0];
    if matches!(node.op, Op::Conv(_) | Op::Dense) && node.inputs.len() == 3 {
        let norm = &shaper.graph.layers[site.id.0].name;
        let (layer, note) = (node.layer, errors::bias_before_norm(norm));
        shaper.note(layer, note);
    }
}

pub(super) fn lrn(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let shape = shaper.map_input(site)?.to_vec();
    let args = &site.args;
    let size = args.values.count("size");
    if size > MAX_SIZE {
        shaper.error(site.id, args.span("size"), errors::at_most("size", MAX_SIZE, size));
        return None;
    }
    let response = Response {
        size,
        alpha: args.values.number("alpha"),
        beta: args.values.number("beta"),
        k: args.values.number("k"),
    };
    shaper.push(site, Op::Lrn(response), vec![site.inputs[0].0], shape)
}
