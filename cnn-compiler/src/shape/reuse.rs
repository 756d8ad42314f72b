//! `reuse = true`: a layer that is applied again, on the parameters of its first use.
//!
//! Such a use is a layer of its own, `conv1@2`, whose parameters are those of `conv1`. A block that
//! is called with it reuses all its layers, named or not.

use super::{Application, Argument, Given, Shaper, Site, Value, errors, table};
use crate::{
    diag::did_you_mean,
    ir::{self, LayerId, NodeId, Op, ParamId},
};

/// The first use of a layer that is applied again.
#[derive(Clone, Debug)]
pub struct First {
    pub name: String,
    /// Whether this use writes attributes of parameters, which are those of the first.
    pub has_attributes: bool,
}

impl Shaper {
    /// Whether a layer is applied again, by its own wish or by its block's.
    pub(super) fn is_reused(&self, application: &Application) -> bool {
        let Application { layer, arguments, .. } = application;
        let is_denied = |given: &Given| matches!(given, Given::Value(Value::Bool(false)));
        let key = |argument: &&Argument| argument.key.as_ref().is_some_and(|(key, _)| key == "reuse");
        let said = arguments.iter().find(key).map(|argument| !is_denied(&argument.value));
        said.filter(|_| !layer.attributes.is_empty()).unwrap_or(self.pass.is_some())
    }

    /// The first use of the layer that has this name, and the name of this use; or an error.
    pub(super) fn first_use(&mut self, application: &Application, name: String) -> (String, Option<First>) {
        let Application { layer, word, name: written, arguments, .. } = application;
        let span = written.as_ref().map_or(*word, |(_, span)| *span);
        let first = self.names.get(&name).copied().map(|named| (named, &self.graph.layers[named.layer.0]));
        let message = match first {
            _ if written.is_none() && self.pass.is_none() => errors::reuse_without_name(layer.name),
            None => {
                let guess = did_you_mean(&name, self.names.keys().map(String::as_str));
                errors::nothing_to_reuse(&name, &guess)
            }
            Some((_, first)) if first.kind != layer.name => {
                errors::reuse_of_another(&name, first.kind, layer.name)
            }
            // Numbers are the same, and the place in the block is not.
            Some((first, _)) if written.is_none() && !span.is_at(first.span) => {
                errors::reuse_of_unnamed(&name, layer.name)
            }
            Some(_) => {
                let uses = self.uses.entry(name.clone()).or_insert(1);
                *uses += 1;
                let is_attribute = |key: &str| key != "reuse" && table::is_of_parameters(key);
                let mut keys = arguments.iter().filter_map(|argument| argument.key.as_ref());
                let has_attributes = keys.any(|(key, _)| is_attribute(key));
                return (format!("{name}@{uses}"), Some(First { name, has_attributes }));
            }
        };
        self.errors.error(span, message);
        (name, None)
    }

    /// The parameter of the first use that is called as this tensor; nothing after an error.
    pub(super) fn shared(&mut self, site: &Site, first: &First, fresh: &ir::Param) -> Option<NodeId> {
        let tensor = fresh.name.rsplit('.').next().unwrap_or_default();
        let name = format!("{}.{tensor}", first.name);
        let Some(index) = self.graph.params.iter().position(|param| param.name == name) else {
            // After an error, the first use may have none of its parameters.
            if !self.errors.is_empty() {
                return None;
            }
            self.error(site.id, site.word, errors::no_such_tensor(&first.name, tensor));
            return None;
        };
        let param = &self.graph.params[index];
        let alike = (param.init, param.lr_factor, param.decay) == (fresh.init, fresh.lr_factor, fresh.decay);
        let is_kept = param.trainable == fresh.trainable || !self.is_frozen;
        if param.shape != fresh.shape {
            let message = errors::other_shape(&first.name, tensor, &param.shape, &fresh.shape);
            self.shape_error(site, site.word, message, None);
            return None;
        }
        if (first.has_attributes && !(alike && param.trainable == fresh.trainable)) || !is_kept {
            self.error(site.id, site.word, errors::other_attributes(&first.name));
            return None;
        }
        let stands_for = |node: &ir::Node| node.op == Op::Param(ParamId(index));
        self.graph.nodes.iter().position(stands_for).map(NodeId)
    }

    /// Says whose parameters a layer has, if it has any, or what it leaves out of them.
    pub(super) fn note_reuse(&mut self, id: LayerId, site: &Site, first: &First, node: NodeId) {
        let is_param = |input: &&NodeId| matches!(self.graph[**input].op, Op::Param(_));
        let used = self.graph[node].inputs.iter().filter(is_param).count();
        let of_first =
            |param: &&ir::Param| param.name.rsplit_once('.').is_some_and(|(path, _)| path == first.name);
        let owned: Vec<_> = self.graph.params.iter().filter(of_first).collect();
        let normalises = |op: &Op| matches!(op, Op::Norm(_));
        let is_other = |other: &ir::Node| {
            self.graph.layers[other.layer.0].name == first.name && other.op != self.graph[node].op
        };
        if normalises(&self.graph[node].op)
            && self.graph.nodes.iter().filter(|other| normalises(&other.op)).any(is_other)
        {
            self.error(id, site.word, errors::other_norm(&first.name));
        } else if let Some(param) = owned.get(used) {
            let message = errors::left_out(&param.name);
            self.error(id, site.word, message);
        } else if used > 0 {
            self.note(id, format!("the parameters of {}", first.name));
        }
    }
}
