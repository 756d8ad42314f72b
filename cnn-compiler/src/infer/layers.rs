//! What a kind of layer is; `table` lists them all.

use cnn_plan::settings::{Param, Spec};

use super::{
    Infer, Site,
    table::{LAYERS, WEIGHTS},
};
use crate::ir::NodeId;

/// A kind of layer.
#[derive(Debug)]
pub struct Layer {
    pub name: &'static str,
    pub inputs: Inputs,
    pub params: &'static [Param],
    /// What its parameters can be told, always as `key = value`; empty for a layer without parameters.
    pub attributes: &'static [Param],
    /// Checks shapes and appends the nodes; nothing after an error.
    pub build: fn(&mut Infer, &Site) -> Option<NodeId>,
}

/// How many values a layer joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inputs {
    One,
    /// A value and what acts on it.
    Two,
    /// Two or more.
    Many,
}

impl Layer {
    /// Its arguments.
    pub fn spec(&self) -> Spec {
        Spec { name: self.name, params: self.params, attributes: self.attributes }
    }
}

/// The layer of a name.
pub fn find(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Names of all layers.
pub fn names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|layer| layer.name)
}

/// True for what the parameters of some layer can be told.
pub(super) fn is_attribute(key: &str) -> bool {
    WEIGHTS.iter().any(|attribute| attribute.is_called(key))
}
