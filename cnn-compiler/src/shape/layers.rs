//! A kind of layer as a row of the table of layers: what it takes and how it is built.

use cnn_plan::settings::{Param, Spec};

use super::{Shaper, Site};
use crate::ir::NodeId;

/// A kind of layer.
#[derive(Debug)]
pub struct Layer {
    /// Its word in the language.
    pub name: &'static str,
    pub inputs: Inputs,
    /// Its arguments in positional order.
    pub params: &'static [Param],
    /// What its parameters can be told, always as `key = value`; empty for a layer without
    /// parameters.
    pub attributes: &'static [Param],
    /// Checks shapes and appends the nodes; nothing after an error.
    pub build: fn(&mut Shaper, &Site) -> Option<NodeId>,
}

/// How many values a layer joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    One,
    Two,
    /// Two or more.
    Many,
}

impl Layer {
    /// Everything that can be given to it.
    pub fn spec(&self) -> Spec {
        Spec { name: self.name, params: self.params, attributes: self.attributes }
    }
}
