//! What a network costs, layer by layer: rows of `summary` and of the generated type's documentation.
//!
//! Counted on the forward graph as the user wrote it, for one image, without padding or sharing.

use crate::ir::{Graph, Layer, Network, Node, NodeId, Op, Pool, PoolKind, Window, form::BLOCK};

/// A row; `cnn_runtime::plan::Layer`.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub name: String,
    pub kind: &'static str,
    pub shape: Vec<usize>,
    pub parameters: usize,
    pub macs: u64,
    pub activation_bytes: usize,
    pub receptive_field: [usize; 2],
    /// It leads to nothing but an auxiliary loss.
    pub auxiliary: bool,
    pub note: Option<String>,
}

/// A row for every layer that yields a value.
pub fn rows(graph: &Graph) -> Vec<Row> {
    let (sights, inferred) = (sights(graph), inferred(graph));
    let mut nodes = vec![Vec::new(); graph.layers.len()];
    (0..graph.nodes.len()).for_each(|id| nodes[graph.nodes[id].layer.0].push(id));
    let row = |(layer, ids): (&Layer, Vec<usize>)| {
        let is_param = |id: &&usize| matches!(graph.nodes[**id].op, Op::Param(_));
        let last = *ids.iter().rfind(|id| !is_param(id))?;
        Some(Row {
            name: layer.name.clone(),
            kind: layer.kind,
            shape: graph.nodes[last].shape.clone(),
            parameters: ids.iter().map(|&id| parameters(graph, &graph.nodes[id])).sum(),
            macs: ids.iter().map(|&id| macs(graph, &graph.nodes[id])).sum(),
            activation_bytes: activation_bytes(graph, &graph.nodes[last]),
            receptive_field: sights[last].map(|sight| sight.field),
            auxiliary: !inferred[last],
            note: layer.note.clone(),
        })
    };
    graph.layers.iter().zip(nodes).filter_map(row).collect()
}

/// For each node, whether the network's output depends on it.
fn inferred(graph: &Graph) -> Vec<bool> {
    let mut inferred = vec![false; graph.nodes.len()];
    inferred[graph.losses[0].logits.0] = true;
    for id in (0..graph.nodes.len()).rev() {
        if inferred[id] {
            graph.nodes[id].inputs.iter().for_each(|input| inferred[input.0] = true);
        }
    }
    inferred
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

/// What one element sees of the input, along one axis.
#[derive(Clone, Copy, Default)]
struct Sight {
    /// Input pixels that it depends on.
    field: usize,
    /// Input pixels between it and its neighbour.
    jump: usize,
}

/// Receptive fields of all nodes, vertical and horizontal: a window widens what its input sees by
/// `(kernel - 1) * dilation` of the input's jumps; a join sees what its widest part sees; a dense layer sees everything.
fn sights(graph: &Graph) -> Vec<[Sight; 2]> {
    let extent =
        graph.nodes.iter().find(|node| node.op == Op::Input).map_or([1, 1], |node| match *node.shape {
            [_, height, width] => [height, width],
            _ => [1, 1],
        });
    let mut sights: Vec<[Sight; 2]> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let widest = |axis: usize| {
            let parts = node.inputs.iter().map(|&NodeId(input)| sights[input][axis]);
            parts.max_by_key(|sight| sight.field).unwrap_or_default()
        };
        let sight = |axis: usize| match &node.op {
            Op::Input => Sight { field: 1, jump: 1 },
            Op::Dense => Sight { field: extent[axis], jump: 0 },
            Op::Conv(conv) => through(widest(axis), &conv.window, axis, extent),
            Op::Pool(Pool { kind: PoolKind::AdaptiveAvg, .. }) => {
                let (x, y) = (graph[node.inputs[0]].shape[axis + 1], node.shape[axis + 1]);
                evenly(widest(axis), [x, y], extent[axis])
            }
            Op::Pool(pool) => through(widest(axis), &pool.window, axis, extent),
            _ => widest(axis),
        };
        sights.push([sight(0), sight(1)]);
    }
    sights
}

fn through(input: Sight, window: &Window, axis: usize, extent: [usize; 2]) -> Sight {
    let field = input.field + (window.kernel[axis] - 1) * window.dilation[axis] * input.jump;
    Sight { field: field.min(extent[axis]), jump: input.jump * window.stride[axis] }
}

/// Windows that cover `x` elements evenly, `y` of them: the widest, and the least distance.
fn evenly(input: Sight, [x, y]: [usize; 2], extent: usize) -> Sight {
    let widths = (0..y).map(|place| ((place + 1) * x).div_ceil(y) - place * x / y);
    let field = input.field + (widths.max().unwrap_or(1) - 1) * input.jump;
    Sight { field: field.min(extent), jump: input.jump * (x / y).max(1) }
}

/// Documentation of the generated type: totals and a table.
pub fn documentation(network: &Network, rows: &[Row]) -> Vec<String> {
    let parameters: usize = rows.iter().map(|row| row.parameters).sum();
    let macs: u64 = rows.iter().filter(|row| !row.auxiliary).map(|row| row.macs).sum();
    let mut lines = vec![
        String::new(),
        format!(
            "`{}` has {} parameters; an image takes {} multiply-accumulates.",
            network.name,
            grouped(parameters as u64),
            grouped(macs)
        ),
        String::new(),
        "| layer | output | parameters | MACs | receptive field |".into(),
        "|---|---|--:|--:|---|".into(),
    ];
    lines.extend(rows.iter().map(|row| {
        let [height, width] = row.receptive_field;
        let (parameters, macs) = (grouped(row.parameters as u64), grouped(row.macs));
        format!("| `{}` | {} | {parameters} | {macs} | {height}x{width} |", row.name, extent(&row.shape))
    }));
    lines
}

/// A layer's row in a sentence.
pub fn cost(row: &Row) -> String {
    let [height, width] = row.receptive_field;
    format!(
        "Layer `{}`, {}: output {}, {} parameters, {} multiply-accumulates, {} bytes of activations, receptive field {height}x{width}.",
        row.name,
        row.kind,
        extent(&row.shape),
        grouped(row.parameters as u64),
        grouped(row.macs),
        grouped(row.activation_bytes as u64),
    )
}

/// `32x26x26`
fn extent(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// `1,199,882`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|part| str::from_utf8(part).expect("digits")).collect();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::{grouped, rows};
    use crate::{
        ir::PoolKind,
        testing::{self, Net, window},
    };

    #[test]
    fn mnist_costs_what_keras_says() {
        let rows = rows(&testing::mnist());
        assert_eq!(rows.iter().map(|row| row.parameters).sum::<usize>(), 1_199_882);
        assert_eq!(rows.iter().map(|row| row.macs).sum::<u64>(), 11_992_448);
        let conv2 = rows.iter().find(|row| row.name == "conv2").expect("a row");
        assert_eq!((conv2.shape.as_slice(), conv2.activation_bytes), ([64, 24, 24].as_slice(), 147_456));
    }

    #[test]
    fn receptive_fields_follow_windows_and_joins() {
        let (mut net, x) = Net::new([1, 32, 32]);
        let narrow = net.conv(x, 8, window(3, 2, 1, 1), 1, true);
        let wide = net.conv(x, 8, window(5, 2, 2, 1), 1, true);
        let x = net.add(&[narrow, wide]);
        let x = net.conv(x, 8, window(3, 1, 2, 2), 1, true);
        let x = net.pool(x, PoolKind::Max, window(2, 2, 0, 1));
        let x = net.flatten(x);
        let x = net.dense(x, 2);
        let rows = rows(&net.finish(x));
        let fields: Vec<usize> = rows.iter().map(|row| row.receptive_field[0]).collect();
        assert_eq!(fields, [1, 3, 5, 5, 13, 15, 15, 32]);
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!([7, 1000, 1_199_882].map(grouped), ["7", "1,000", "1,199,882"]);
    }
}
