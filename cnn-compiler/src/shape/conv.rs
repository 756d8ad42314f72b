//! `conv`: `[C, H, W]` to `[O, OH, OW]` with `weight: [O, C/groups, KH, KW]` and `bias: [O]`.

use super::{Shaper, Site, errors, window::Request};
use crate::ir::{Algorithm, Conv, NodeId, Op};

pub(super) fn conv(shaper: &mut Shaper, site: &Site) -> Option<NodeId> {
    let [channels, height, width] = shaper.map_input(site)?;
    let args = &site.args;
    let (outputs, groups) = (args.values.count("channels"), args.values.count("groups"));
    for (side, count) in [("input", channels), ("output", outputs)] {
        if count % groups != 0 {
            shaper.shape_error(site, args.span("groups"), errors::groups(groups, count, side), None);
            return None;
        }
    }
    let kernel = args.values.pair("kernel")?;
    let request = Request {
        kernel,
        stride: args.values.pair("stride")?,
        pad: args.values.sides("pad"),
        dilation: args.values.pair("dilation")?,
        ceil: false,
        pooling: false,
    };
    let placed = shaper.place(site, request, [height, width])?;
    let shape = vec![outputs, channels / groups, kernel[0], kernel[1]];
    let area = kernel[0] * kernel[1];
    let fans = [channels / groups * area, outputs * area];
    let mut inputs = vec![site.inputs[0].0];
    inputs.extend(shaper.weights(site, shape, fans)?);
    let op = Op::Conv(Conv { window: placed.window, groups, algorithm: Algorithm::Direct });
    shaper.push(site, op, inputs, vec![outputs, placed.output[0], placed.output[1]])
}

impl Shaper {
    /// The shape of the input, which must be a map.
    pub(super) fn map_input(&mut self, site: &Site) -> Option<[usize; 3]> {
        let shape = &self.graph[site.inputs[0].0].shape;
        if let Ok(shape) = <[usize; 3]>::try_from(shape.as_slice()) {
            return Some(shape);
        }
        let message = errors::needs_map(self.graph.layers[site.id.0].kind, shape);
        self.shape_error(site, site.word, message, None);
        None
    }
}
