//! A readable dump of the graph, a line for each node.

use std::fmt::Write;

use super::Graph;

/// `%12 [32, 26, 26] conv1: Conv(…) %0 %10 %11`
pub fn graph(graph: &Graph) -> String {
    let mut text = String::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let layer = &graph.layers[node.layer.0].name;
        let inputs: String = node.inputs.iter().map(|input| format!(" %{}", input.0)).collect();
        writeln!(text, "%{index} {:?} {layer}: {:?}{inputs}", node.shape, node.op).expect("a string");
    }
    for (param, gradient) in graph.params.iter().zip(&graph.gradients) {
        let gradient = gradient.map_or("none".into(), |id| format!("%{}", id.0));
        writeln!(text, "gradient of {} {:?}: {gradient}", param.name, param.shape).expect("a string");
    }
    text
}
