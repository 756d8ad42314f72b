//! The graph of inference for Graphviz: a box for each node, its shape on the arrows that leave it.

use std::fmt::Write;

use crate::{
    plan::{Description, GraphNode},
    trainer::format::thousands,
};

/// A directed graph in the language of Graphviz, from the input down to the scores.
pub(super) fn text(description: &Description) -> String {
    let mut text = format!("digraph {} {{\n  node [shape=box];\n", quoted(description.name));
    for (index, node) in description.graph.iter().enumerate() {
        line(&mut text, &format!("n{index} [label={}]", quoted(&label(description, node))));
        for &input in node.inputs {
            edge(&mut text, input, &format!("n{index}"), &description.graph[input]);
        }
    }
    if let Some((last, node)) = description.graph.iter().enumerate().next_back() {
        line(&mut text, "scores [shape=plaintext]");
        edge(&mut text, last, "scores", node);
    }
    text + "}\n"
}

fn line(text: &mut String, statement: &str) {
    writeln!(text, "  {statement};").expect("a string");
}

/// An arrow that carries the value of a node.
fn edge(text: &mut String, from: usize, to: &str, node: &GraphNode) {
    let shape = node.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
    line(text, &format!("n{from} -> {to} [label={}]", quoted(&shape)));
}

/// The layer, its operation, and how many parameters it has, a line each.
fn label(description: &Description, node: &GraphNode) -> String {
    let op = node.op.to_string();
    let mut label = if op == node.layer { op } else { format!("{}\n{op}", node.layer) };
    let params = node.params.iter().map(|&param| &description.params[param]).filter(|param| !param.buffer);
    let count: u64 = params.map(|param| param.shape.iter().map(|&size| size as u64).product::<u64>()).sum();
    if count > 0 {
        label += &format!("\n{} parameters", thousands(count));
    }
    label
}

/// A string of the language: quotes and backslashes are escaped, a new line is `\n`.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{plan::GraphOp, trainer::fixture::DESCRIPTION};

    #[test]
    fn boxes_arrows_and_shapes() {
        const GRAPH: [GraphNode; 3] = [
            GraphNode { layer: "input", op: GraphOp::Input, inputs: &[], params: &[], shape: &[1, 28, 28] },
            GraphNode { layer: "flat", op: GraphOp::Flatten, inputs: &[0], params: &[], shape: &[784] },
            GraphNode { layer: "fc", op: GraphOp::Dense, inputs: &[1], params: &[0], shape: &[10] },
        ];
        let expected = r#"digraph "Net" {
  node [shape=box];
  n0 [label="input"];
  n1 [label="flat\nflatten"];
  n0 -> n1 [label="1x28x28"];
  n2 [label="fc\ndense\n7,840 parameters"];
  n1 -> n2 [label="784"];
  scores [shape=plaintext];
  n2 -> scores [label="10"];
}
"#;
        assert_eq!(text(&Description { graph: &GRAPH, ..DESCRIPTION }), expected);
    }

    #[test]
    fn whatever_a_name_holds_stays_inside_of_its_quotes() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\nd""#);
    }
}
