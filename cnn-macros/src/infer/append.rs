//! Nodes and parameters of a layer, each small enough to index.

use super::{Infer, Site, errors};
use crate::ir::{self, Init, NodeId, Op};

/// Elements a value or a parameter may have: what a 32-bit signed index reaches.
const MAX_ELEMENTS: u64 = i32::MAX as u64;

impl Infer {
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

    /// Appends `<layer>.weight`, drawn as the layer or the network says.
    pub(super) fn weight(&mut self, site: &Site, shape: Vec<usize>, fans: [usize; 2]) -> Option<NodeId> {
        let init = site.args.init("init").unwrap_or(self.init);
        self.param(site, "weight", shape, init, fans)
    }

    /// Appends `<layer>.bias`: zero, except that torch draws it like the weights.
    pub(super) fn bias(&mut self, site: &Site, outputs: usize, fans: [usize; 2]) -> Option<NodeId> {
        let init = match site.args.init("init").unwrap_or(self.init) {
            Init::Torch => Init::Torch,
            _ => Init::Constant(0.0),
        };
        self.param(site, "bias", vec![outputs], init, fans)
    }

    fn param(
        &mut self,
        site: &Site,
        tensor: &str,
        shape: Vec<usize>,
        init: Init,
        [fan_in, fan_out]: [usize; 2],
    ) -> Option<NodeId> {
        self.check_size(site, tensor, &shape)?;
        let name = format!("{}.{tensor}", self.graph.layers[site.id.0].name);
        let trainable = !site.args.flag("freeze");
        let param = ir::Param { name, shape, init, fan_in, fan_out, trainable };
        Some(self.graph.push_param(param, site.id))
    }

    fn check_size(&mut self, site: &Site, tensor: &str, shape: &[usize]) -> Option<()> {
        let elements = shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size as u64));
        if elements.is_some_and(|elements| elements <= MAX_ELEMENTS) {
            return Some(());
        }
        self.error(site.id, site.word, errors::too_large(tensor, shape, MAX_ELEMENTS));
        None
    }
}
