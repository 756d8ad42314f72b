//! `dense`: `[F]` to `[O]` with `weight: [O, F]` and `bias: [O]`.

use super::{Infer, Site, errors};
use crate::ir::{NodeId, Op};

pub(super) fn dense(infer: &mut Infer, site: &Site) -> Option<NodeId> {
    let shape = &infer.graph[site.inputs[0].0].shape;
    let &[features] = shape.as_slice() else {
        let message = errors::needs_flat("dense", shape);
        infer.shape_error(site, site.word, message, None);
        return None;
    };
    let units = site.args.values.count("units");
    let mut inputs = vec![site.inputs[0].0];
    inputs.extend(infer.weights(site, vec![units, features], [features, units])?);
    infer.push(site, Op::Dense, inputs, vec![units])
}
