//! Normalisation: `batch_norm` over the batch, with `weight, bias, running_mean, running_var: [C]`,
//! `group_norm`, `instance_norm` and `layer_norm` over each sample, with `weight` and `bias`, and
//! `lrn` across channels. All keep the shape.

use cnn_plan::settings::Word;

use super::{Args, Shaper, Site, append::Tensor, errors};
use crate::ir::{NodeId, Norm, Op, Response, SampleAxes};

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
    let [eps, momentum] = ["eps", "momentum"].map(|name| site.args.values.number(name));
    shaper.push(site, Op::Norm(Norm::Batch { eps, momentum }), inputs, shape)
}

/// `group_norm`
pub(super) fn group_norm(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let shape = &shaper.graph[site.inputs[0].0].shape;
    let groups = site.args.values.count("groups");
    if !shape[0].is_multiple_of(groups) {
        let message = errors::divides("groups", groups, shape);
        shaper.shape_error(site, site.args.span("groups"), message, None);
        return None;
    }
    let channels = shape[0];
    sample_norm(shaper, site, SampleAxes::Groups(groups), vec![channels])
}

/// `instance_norm`: a group of one channel.
pub(super) fn instance_norm(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [channels, ..] = shaper.map_input(site)?;
    sample_norm(shaper, site, SampleAxes::Groups(channels), vec![channels])
}

/// `layer_norm` over all elements, each with its scale and shift, or over the channels of each
/// position, each channel with its own.
pub(super) fn layer_norm(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let shape = shaper.graph[site.inputs[0].0].shape.clone();
    match site.args.values.read("over") {
        Over::All => sample_norm(shaper, site, SampleAxes::Groups(1), shape),
        Over::Channels => {
            shaper.map_input(site)?;
            sample_norm(shaper, site, SampleAxes::Channels, vec![shape[0]])
        }
    }
}

/// What `layer_norm` takes its statistics over.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Over {
    All,
    Channels,
}

impl Word for Over {
    const WORDS: &'static [(&'static str, Over)] = &[("all", Over::All), ("channels", Over::Channels)];
}

/// A norm of each sample, whose scale and shift, if it has them, begin as 1 and 0.
fn sample_norm(shaper: &mut Shaper, site: &Site, axes: SampleAxes, affine: Vec<usize>) -> Option<NodeId> {
    let (input, args) = (site.inputs[0].0, &site.args);
    let shape = shaper.graph[input].shape.clone();
    let alone = match axes {
        SampleAxes::Groups(groups) => shape.iter().product::<usize>() == groups,
        SampleAxes::Channels => shape[0] == 1,
    };
    if alone {
        let kind = shaper.graph.layers[site.id.0].kind;
        shaper.shape_error(site, site.word, errors::one_value(kind, &shape), None);
        return None;
    }
    let mut inputs = vec![input];
    if args.values.flag("affine") {
        for (name, start) in [("weight", 1.0), ("bias", 0.0)] {
            inputs.push(shaper.param(site, Tensor::scale(name, affine.clone(), start))?);
        }
    } else if let Some(attribute) = meaningless(args) {
        shaper.error(site.id, args.span(attribute), errors::not_affine(attribute));
        return None;
    }
    let op = Op::Norm(Norm::Sample { axes, eps: args.values.number("eps") });
    shaper.push(site, op, inputs, shape)
}

/// An attribute of parameters that was given although there are none.
fn meaningless(args: &Args) -> Option<&'static str> {
    let values = &args.values;
    let given = [
        ("freeze", values.flag("freeze")),
        ("reuse", values.flag("reuse")),
        ("lr_factor", values.number("lr_factor") != 1.0),
        ("decay", values.given_flag("decay").is_some()),
    ];
    given.into_iter().find(|(_, given)| *given).map(|(attribute, _)| attribute)
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
