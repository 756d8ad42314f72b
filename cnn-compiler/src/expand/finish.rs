//! Checks on the whole network, after its last statement: its output, what is never used, its
//! budget.

use indexmap::IndexMap;

use super::{Dropped, Expander, budget};
use crate::{
    ast::{ExprKind, Network},
    ir::{LayerId, NodeId, Op},
    shape::Value,
};

impl Expander<'_> {
    /// Completes the graph with the network's value, or adds errors.
    pub(super) fn finish(&mut self, ast: &Network, value: Value) {
        let logits = match value {
            Value::Map(node) => self.main_loss(ast, node),
            Value::Unknown => None,
            other => self.no_value(ast, &other),
        };
        // What nothing reads may be what is missing at the end.
        if !self.skipped && !self.exhausted && ast.body.value.is_some() {
            self.report_unused(logits);
        }
        if self.shaper.errors.is_empty() {
            budget::check(ast, &mut self.shaper);
        }
    }

    fn main_loss(&mut self, ast: &Network, node: NodeId) -> Option<NodeId> {
        if matches!(self.shaper.graph[node].op, Op::Input) {
            let span = ast.body.value.as_ref().map_or(ast.body.end, |value| value.span);
            self.error(span, format!("{}: a network needs layers between `input` and its output", ast.name));
            return Some(node);
        }
        if self.shaper.check_output(&ast.name.to_string(), node, ast.outputs).is_some()
            && let Some(main) = self.shaper.loss(node, 1.0)
        {
            self.shaper.graph.losses = std::iter::once(main).chain(self.losses.drain(..)).collect();
        }
        Some(node)
    }

    fn no_value(&mut self, ast: &Network, found: &Value) -> Option<NodeId> {
        let name = &ast.name;
        match &ast.body.value {
            Some(value) => {
                let found = found.describe(&self.shaper);
                let advice = match &value.kind {
                    ExprKind::Chain(_, links) if links.last().is_some_and(|link| link.layer == "output") => {
                        "; `output` adds a loss besides the network's own, so leave it out here"
                    }
                    _ => "",
                };
                let message = format!("{name}: the network must end in its scores, found {found}{advice}");
                self.error(value.span, message);
            }
            None => {
                let message = if ast.body.statements.is_empty() {
                    format!("{name}: the network is empty; begin with `input -> …`")
                } else {
                    format!("{name}: the network ends without a value; end it with its scores, without `;`")
                };
                self.error(ast.body.end, message);
            }
        }
        None
    }

    /// Layers whose value reaches no loss, one error a place. A variable that nothing reads is an
    /// error if nothing else takes its layers; of others rustc warns.
    fn report_unused(&mut self, logits: Option<NodeId>) {
        // After an error a consumer may be missing from the graph.
        let Some(logits) = logits.filter(|_| self.shaper.errors.is_empty()) else { return };
        let mut dead = self.dead(logits);
        self.report_variables(&mut dead);
        self.report_layers(dead);
    }

    /// Variables that nothing reads and whose layers lead nowhere; these are taken from `dead`.
    fn report_variables(&mut self, dead: &mut IndexMap<NodeId, LayerId>) {
        let unused = self.scopes.unused().filter_map(|found| Some((found.name.clone(), found.node?)));
        for (name, node) in unused.collect::<Vec<_>>() {
            let Some(layer) = dead.shift_remove(&node) else { continue };
            let span = self.shaper.site(layer);
            dead.retain(|_, other| !self.shaper.site(*other).is_at(span));
            let advice = if self.scopes.is_defined_twice(&name) {
                format!("to change the `{name}` from before, write `{name} = …` without `let`")
            } else {
                "use it or remove it".into()
            };
            let message = format!("`{name}` is never used, and its layers lead nowhere; {advice}");
            self.error(name.span().into(), message);
        }
    }

    /// Layers that lead nowhere, all of one place together.
    fn report_layers(&mut self, dead: IndexMap<NodeId, LayerId>) {
        let mut places: IndexMap<String, (Dropped, Vec<LayerId>)> = IndexMap::new();
        for (node, layer) in dead {
            let dropped = self.dropped.get(&node).cloned().unwrap_or_else(|| Dropped {
                span: self.shaper.site(layer),
                advice: "remove the layer or join it to the rest".into(),
            });
            places.entry(dropped.span.place()).or_insert_with(|| (dropped, Vec::new())).1.push(layer);
        }
        for (Dropped { span, advice }, layers) in places.into_values() {
            let first = &self.shaper.graph.layers[layers[0].0].name;
            let message = match layers.len() - 1 {
                0 => format!("{first}: its output is never used; {advice}"),
                more => format!("{first} and {more} more: their outputs are never used; {advice}"),
            };
            self.error(span, message);
        }
    }

    /// The values that nothing takes, each with its layer.
    fn dead(&self, logits: NodeId) -> IndexMap<NodeId, LayerId> {
        let graph = &self.shaper.graph;
        let mut used = vec![false; graph.nodes.len()];
        used[logits.0] = true;
        graph.losses.iter().for_each(|loss| used[loss.logits.0] = true);
        graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| used[input.0] = true);
        let dead = (0..used.len()).filter(|&node| !used[node]).map(NodeId);
        dead.map(|node| (node, graph[node].layer)).collect()
    }
}
