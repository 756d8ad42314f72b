//! Variables. Blocks see their parameters only, so a call begins with scopes of its own.

use indexmap::IndexMap;

use proc_macro2::Ident;

use crate::{ast::Span, ir::NodeId, shape::Value};

/// A variable.
#[derive(Debug)]
struct Variable {
    name: String,
    value: Value,
    /// Where it is defined, in [`Scopes::sites`].
    site: usize,
}

/// A definition in the source and what became of it in all its evaluations.
#[derive(Debug)]
pub(super) struct Definition {
    pub name: Ident,
    pub used: bool,
    /// Last value, if it is one of the network.
    pub node: Option<NodeId>,
}

/// The variables in scope, innermost last.
#[derive(Default, Debug)]
pub(super) struct Scopes {
    scopes: Vec<Vec<Variable>>,
    /// By place in the source, and name.
    sites: IndexMap<(String, String), Definition>,
    /// Scopes below this belong to the caller of a block.
    base: usize,
}

impl Scopes {
    pub(super) fn push(&mut self) {
        self.scopes.push(Vec::new());
    }

    pub(super) fn pop(&mut self) {
        self.scopes.pop();
    }

    /// Hides all variables; the result restores them.
    pub(super) fn isolate(&mut self) -> usize {
        std::mem::replace(&mut self.base, self.scopes.len())
    }

    pub(super) fn restore(&mut self, base: usize) {
        self.base = base;
    }

    /// Defines a variable in the innermost scope; `used` if it need not be read.
    pub(super) fn define(&mut self, name: &Ident, value: Value, used: bool) {
        let key = (Span::from(name.span()).place(), name.to_string());
        let entry = self.sites.entry(key);
        let site = entry.index();
        let definition = entry.or_insert_with(|| Definition { name: name.clone(), used, node: None });
        definition.node = node_of(&value);
        if let Some(scope) = self.scopes.last_mut() {
            scope.push(Variable { name: name.to_string(), value, site });
        }
    }

    /// Reads a variable.
    pub(super) fn get(&mut self, name: &str) -> Option<Value> {
        let variable = self.find(name)?;
        let (value, site) = (variable.value.clone(), variable.site);
        self.sites[site].used = true;
        Some(value)
    }

    /// Replaces a variable's value.
    pub(super) fn set(&mut self, name: &str, value: Value) -> Option<()> {
        let node = node_of(&value);
        let variable = self.find(name)?;
        variable.value = value;
        let site = variable.site;
        self.sites[site].node = node;
        Some(())
    }

    fn find(&mut self, name: &str) -> Option<&mut Variable> {
        let visible = self.scopes[self.base..].iter_mut().rev();
        visible.flat_map(|scope| scope.iter_mut().rev()).find(|variable| variable.name == name)
    }

    /// True for a variable of the callers of this block.
    pub(super) fn is_hidden(&self, name: &str) -> bool {
        self.scopes[..self.base].iter().flatten().any(|variable| variable.name == name)
    }

    /// Names in scope.
    pub(super) fn names(&self) -> Vec<String> {
        self.scopes[self.base..].iter().flatten().map(|variable| variable.name.clone()).collect()
    }

    /// True for a name of several definitions.
    pub(super) fn is_defined_twice(&self, name: &Ident) -> bool {
        self.sites.values().filter(|definition| definition.name == *name).count() > 1
    }

    /// Definitions that no evaluation has read.
    pub(super) fn unused(&self) -> impl Iterator<Item = &Definition> {
        let is_meant = |definition: &&Definition| definition.name.to_string().starts_with('_');
        self.sites.values().filter(move |definition| !definition.used && !is_meant(definition))
    }
}

fn node_of(value: &Value) -> Option<NodeId> {
    match value {
        Value::Map(node) => Some(*node),
        _ => None,
    }
}
