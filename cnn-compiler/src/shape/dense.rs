//! `dense`: `[F]` to `[O]` with `weight: [O, F]` and `bias: [O]`.

use super::{Shaper, Site, errors};
use crate::ir::{NodeId, Op};

pub(super) fn dense(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let shape = &shaper.graph[site.inputs[0].0].shape;
    let &[features] = shape.as_slice() else {
        let message = errors::needs_flat("dense", shape);
        shaper.shape_error(site, site.word, message, None);
        return None;
    };
    let units = site.args.values.count("units");
    let mut inputs = vec![site.inputs[0].0];
    inputs.extend(shaper.weights(site, vec![units, features], [features, units])?);
    shaper.push(site, Op::Dense, inputs, vec![units])
}
