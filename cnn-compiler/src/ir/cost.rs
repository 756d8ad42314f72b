//! What the layers of a network cost, for one image: counted on the forward graph as the user wrote
//! it, without padding or sharing.
//!
//! Counts are of 64 bits and are added up by [`total`]. A single layer cannot overflow one: `shape`
//! limits values and parameters to `2^31` elements, and [`MAX_MACS`] limits their sum.

use super::{Graph, LayerId, Node, NodeId, Op, Reach, form::BLOCK};

/// Multiply-accumulates of one image that a network may take: more than a machine computes in a
/// lifetime of training, and little enough that a batch's can still be counted.
pub const MAX_MACS: u64 = 1_000_000_000_000_000_000;

/// The sum of counts, or `u64::MAX` if it is larger.
pub fn total(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

/// A layer that yields a value.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub layer: LayerId,
    /// The node of its output.
    pub output: NodeId,
    pub parameters: u64,
    /// Multiply-accumulates.
    pub macs: u64,
    pub activation_bytes: u64,
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
            parameters: total(nodes.iter().map(|&id| parameters(graph, &graph[id]))),
            macs: total(nodes.iter().map(|&id| macs(graph, &graph[id]))),
            activation_bytes: activation_bytes(graph, &graph[output]),
        })
    };
    nodes.into_iter().enumerate().filter_map(cost).collect()
}

/// Elements of a node that stands for a parameter; running statistics are none.
fn parameters(graph: &Graph, node: &Node) -> u64 {
    match node.op {
        Op::Param(param) if !graph.params[param.0].buffer => elements(&node.shape),
        _ => 0,
    }
}

/// Elements of a value or a parameter.
pub fn elements(shape: &[usize]) -> u64 {
    shape.iter().map(|&size| size as u64).product()
}

/// Where an operation has weights beside what it reads, each element of its output sums one product
/// for each weight of its channel.
fn macs(graph: &Graph, node: &Node) -> u64 {
    match (node.op.reach(), node.inputs.get(1)) {
        (Reach::Window(_) | Reach::All, Some(&weights)) => {
            elements(&node.shape) * elements(&graph[weights].shape[1..])
        }
        (Reach::Window(_) | Reach::All, None) | (Reach::Position | Reach::Between(_), _) => 0,
    }
}

/// Flatten and dropout store nothing of their own, nor does a concatenation whose parts start at
/// blocks of channels.
fn activation_bytes(graph: &Graph, node: &Node) -> u64 {
    let starts = node.inputs.iter().scan(0, |end, &part| {
        *end += graph[part].shape.first().unwrap_or(&0);
        Some(*end)
    });
    let aligned = || starts.take(node.inputs.len() - 1).all(|start| start.is_multiple_of(BLOCK));
    match node.op {
        Op::Reshape | Op::Dropout { .. } => 0,
        Op::Concat if aligned() => 0,
        _ => elements(&node.shape) * size_of::<f32>() as u64,
    }
}
