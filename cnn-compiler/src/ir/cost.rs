//! What the layers of a network cost, for one image: counted on the forward graph as the user wrote it, without padding or sharing.

use super::{Graph, LayerId, Node, NodeId, Op, form::BLOCK};

/// A layer that yields a value.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub layer: LayerId,
    /// The node of its output.
    pub output: NodeId,
    pub parameters: usize,
    /// Multiply-accumulates.
    pub macs: u64,
    pub activation_bytes: usize,
}

/// Costs of all layers, in their order.
pub fn layers(graph: &Graph) -> Vec<Cost> {
    let mut nodes = vec![Vec::new(); graph.layers.len()];
    (0..graph.nodes.len()).map(NodeId).for_each(|id| nodes[graph[id].layer.0].push(id));
    let cost = |(layer, nodes): (usize, Vec<NodeId>)| {
        let output = *nodes.iter().rfind(|&&id| !matches!(graph[id].op, Op::Param(_)))?;
        Some(Cost {
            layer: LayerId(layer),
            output,
            parameters: nodes.iter().map(|&id| parameters(graph, &graph[id])).sum(),
            macs: nodes.iter().map(|&id| macs(graph, &graph[id])).sum(),
            activation_bytes: activation_bytes(graph, &graph[output]),
        })
    };
    nodes.into_iter().enumerate().filter_map(cost).collect()
}

/// Buffers are no parameters.
fn parameters(graph: &Graph, node: &Node) -> usize {
    match node.op {
        Op::Param(param) if !graph.params[param.0].buffer => elements(node),
        _ => 0,
    }
}

fn elements(node: &Node) -> usize {
    node.shape.iter().product()
}

fn macs(graph: &Graph, node: &Node) -> u64 {
    match node.op {
        Op::Conv(_) | Op::Dense => {
            let taps: usize = graph[node.inputs[1]].shape[1..].iter().product();
            (elements(node) * taps) as u64
        }
        _ => 0,
    }
}

/// Flatten and dropout store nothing of their own, nor does a concatenation whose parts start at blocks of channels.
fn activation_bytes(graph: &Graph, node: &Node) -> usize {
    let starts = node.inputs.iter().scan(0, |end, &part| {
        *end += graph[part].shape.first().unwrap_or(&0);
        Some(*end)
    });
    let aligned = || starts.take(node.inputs.len() - 1).all(|start| start.is_multiple_of(BLOCK));
    match node.op {
        Op::Reshape | Op::Dropout { .. } => 0,
        Op::Concat if aligned() => 0,
        _ => elements(node) * size_of::<f32>(),
    }
}
