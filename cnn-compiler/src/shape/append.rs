//! Nodes and parameters of a layer, each small enough to index.

use cnn_plan::Init;

use super::{Shaper, Site, errors};
use crate::ir::{self, NodeId, Op, form::padded};

/// Elements a value or a parameter may have, its channels in whole blocks: what a 32-bit signed
/// index reaches.
const MAX_ELEMENTS: u64 = i32::MAX as u64;

/// A tensor that a layer owns.
pub(super) struct Tensor {
    /// The last word of its name.
    pub name: &'static str,
    pub shape: Vec<usize>,
    pub init: Init,
    /// Inputs that one output sees, outputs that one input reaches.
    pub fans: [usize; 2],
    /// A running statistic, no parameter.
    pub buffer: bool,
    /// Whether weight decay that is for weights alone touches it.
    pub weight: bool,
}

impl Tensor {
    /// A vector over channels that starts with equal values.
    pub fn vector(name: &'static str, channels: usize, start: f32, buffer: bool) -> Tensor {
        Tensor { buffer, ..Tensor::scale(name, vec![channels], start) }
    }

    /// Scales or shifts of a value, of its shape or one a channel, that start equal.
    pub fn scale(name: &'static str, shape: Vec<usize>, start: f32) -> Tensor {
        Tensor { name, shape, init: Init::Constant(start), fans: [1, 1], buffer: false, weight: false }
    }
}

impl Shaper {
    /// Appends a node, unless its value is too large to index.
    pub(super) fn push(
        &mut self,
        site: &Site,
        op: Op,
        inputs: Vec<NodeId>,
        shape: Vec<usize>,
    ) -> Option<NodeId> {
        self.check_size(site, "output", &shape)?;
        Some(self.graph.push(op, inputs, shape, site.id))
    }

    /// Appends `<layer>.weight` and, unless the layer does without, `<layer>.bias`, drawn as the
    /// layer or the network says: a bias is zero, except that torch draws it like the weights.
    pub(super) fn weights(
        &mut self,
        site: &Site,
        shape: Vec<usize>,
        fans: [usize; 2],
    ) -> Option<Vec<NodeId>> {
        let (args, outputs) = (&site.args, shape[0]);
        let init = args.values.init("init").unwrap_or(self.defaults.init);
        let weight = Tensor { name: "weight", shape, init, fans, buffer: false, weight: true };
        let mut nodes = vec![self.param(site, weight)?];
        let bias_init = args.values.init("bias_init");
        if args.values.flag("bias") {
            let like_weight = if init == Init::Torch { init } else { Init::Constant(0.0) };
            let init = bias_init.unwrap_or(like_weight);
            let shape = vec![outputs];
            let bias = Tensor { name: "bias", shape, init, fans, buffer: false, weight: false };
            nodes.push(self.param(site, bias)?);
        } else if bias_init.is_some() {
            self.error(site.id, args.span("bias_init"), errors::NO_BIAS);
            return None;
        }
        Some(nodes)
    }

    /// Appends a tensor with the attributes of its layer.
    pub(super) fn param(&mut self, site: &Site, tensor: Tensor) -> Option<NodeId> {
        let Tensor { name, shape, init, fans: [fan_in, fan_out], buffer, weight } = tensor;
        self.check_size(site, name, &shape)?;
        let args = &site.args;
        let decay = args.values.given_flag("decay").unwrap_or(!self.defaults.decay_weights_only || weight);
        let param = ir::Param {
            name: format!("{}.{name}", self.graph.layers[site.id.0].name),
            shape,
            init,
            fan_in,
            fan_out,
            trainable: !buffer && !self.is_frozen && !args.values.flag("freeze"),
            buffer,
            lr_factor: args.values.number("lr_factor"),
            decay: !buffer && decay,
            part_of: None,
        };
        match &site.first {
            Some(first) => self.shared(site, first, &param),
            None => Some(self.graph.push_param(param, site.id)),
        }
    }

    fn check_size(&mut self, site: &Site, tensor: &str, shape: &[usize]) -> Option<()> {
        let [channels, others @ ..] = shape else { return Some(()) };
        let fits = |channels: usize| {
            let mut sizes = others.iter();
            let elements = sizes.try_fold(channels as u64, |product, &size| product.checked_mul(size as u64));
            elements.is_some_and(|elements| elements <= MAX_ELEMENTS)
        };
        if fits(padded(*channels)) {
            return Some(());
        }
        let blocks = fits(*channels);
        self.error(site.id, site.word, errors::too_large(tensor, shape, MAX_ELEMENTS, blocks));
        None
    }
}
