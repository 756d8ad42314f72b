//! Checks on the whole network, after its last statement: its output, what is never used, its
//! budget.

use super::{Expander, budget};
use crate::{
    ast::Network,
    ir::{NodeId, Op},
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
                self.error(value.span, format!("{name}: the network must end in its scores, found {found}"));
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

    /// Variables that nothing reads, and layers whose value reaches no loss.
    fn report_unused(&mut self, logits: Option<NodeId>) {
        let mut excused = Vec::new();
        let unused: Vec<_> =
            self.scopes.unused().map(|found| (found.name.clone(), found.span, found.node)).collect();
        for (name, span, node) in unused {
            excused.extend(node);
            self.error(span, format!("`{name}` is never used; remove it, or name it `_{name}`"));
        }
        // After an error a consumer may be missing from the graph.
        let Some(logits) = logits.filter(|_| self.shaper.errors.is_empty()) else { return };
        let graph = &self.shaper.graph;
        let mut used = vec![false; graph.nodes.len()];
        used[logits.0] = true;
        graph.losses.iter().for_each(|loss| used[loss.logits.0] = true);
        graph.nodes.iter().flat_map(|node| &node.inputs).for_each(|input| used[input.0] = true);
        let dead: Vec<_> = (0..used.len()).filter(|&node| !used[node]).map(NodeId).collect();
        for node in dead.into_iter().filter(|node| !excused.contains(node)) {
            let layer = self.shaper.graph[node].layer;
            let span = self.shaper.site(layer);
            self.shaper.error(
                layer,
                span,
                "its output is never used; remove the layer or join it to the rest",
            );
        }
    }
}
