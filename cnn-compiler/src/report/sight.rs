//! What the elements of each node see of the input: receptive fields, and what they miss.

use crate::ir::{Graph, NodeId, Op, Reach, Upsample, Upsampling, Window};

/// What one element sees of the input, along one axis.
#[derive(Clone, Copy, Default)]
pub struct Sight {
    /// Input pixels that it depends on.
    pub field: usize,
    /// Input pixels between it and its neighbour.
    jump: usize,
}

/// Receptive fields of all nodes, vertical and horizontal: a window widens what its input sees by
/// `(kernel - 1) * dilation` of the input's jumps; a join sees what its widest part sees; a dense
/// layer sees everything.
pub fn sights(graph: &Graph) -> Vec<[Sight; 2]> {
    let extent = extent(graph);
    let mut sights: Vec<[Sight; 2]> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let widest = |axis: usize| {
            let parts = node.inputs.iter().map(|&NodeId(input)| sights[input][axis]);
            parts.max_by_key(|sight| sight.field).unwrap_or_default()
        };
        let sight = |axis: usize| match node.op.reach() {
            Reach::Position if node.op == Op::Input => Sight { field: 1, jump: 1 },
            Reach::Position => widest(axis),
            Reach::Window(window) => through(widest(axis), window, axis, extent),
            Reach::Between(upsample) => between(widest(axis), upsample, axis, extent),
            Reach::All => Sight { field: extent[axis], jump: 0 },
        };
        sights.push([sight(0), sight(1)]);
    }
    sights
}

/// A window's sight. Strides multiply from layer to layer without end, but no element sees more
/// than the input.
fn through(input: Sight, window: &Window, axis: usize, extent: [usize; 2]) -> Sight {
    let wider = (window.kernel[axis] - 1).saturating_mul(window.dilation[axis]).saturating_mul(input.jump);
    Sight {
        field: input.field.saturating_add(wider).min(extent[axis]),
        jump: input.jump.saturating_mul(window.stride[axis]),
    }
}

/// The sight of what lies between elements: of one of them, or of two.
fn between(input: Sight, upsample: &Upsample, axis: usize, extent: [usize; 2]) -> Sight {
    let field = match upsample.mode {
        Upsampling::Bilinear if upsample.scale[axis] > 1 => {
            input.field.saturating_add(input.jump).min(extent[axis])
        }
        Upsampling::Nearest | Upsampling::Bilinear => input.field,
    };
    // Neighbours closer than a pixel count as one pixel apart.
    Sight { field, jump: input.jump.div_ceil(upsample.scale[axis]) }
}

/// Rows and columns of the input.
fn extent(graph: &Graph) -> [usize; 2] {
    let input = graph.nodes.iter().find(|node| node.op == Op::Input).expect("an input");
    [input.shape[1], input.shape[2]]
}

/// For each node what `summary` should say of it, if it is the last that knows positions and sees
/// less than the whole input. A dense layer behind it relates all positions, so nothing is missed
/// there; a global pooling does not.
pub fn blind_spots(graph: &Graph, sights: &[[Sight; 2]], inferred: &[bool]) -> Vec<Option<String>> {
    let positions = |id: NodeId| graph[id].shape.iter().skip(1).product::<usize>();
    let seen = |id: NodeId| sights[id.0].map(|sight| sight.field);
    let [height, width] = extent(graph);
    let misses = |id: NodeId| seen(id)[0] < height || seen(id)[1] < width;
    let followed = followed(graph);
    let mut notes = vec![None; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        let Some(&input) = node.inputs.first().filter(|_| inferred[index] && !followed[index]) else {
            continue;
        };
        let [rows, columns] = seen(input);
        let sees = format!("sees {rows}x{columns} of the {height}x{width} input");
        let is_map = graph[input].shape.len() == 3;
        let note = match node.op {
            Op::Pool(_) if positions(NodeId(index)) == 1 && positions(input) > 1 => {
                let pool = &graph.layers[node.layer.0].name;
                format!("each position {sees}; what lies farther apart meets in {pool} only")
            }
            Op::Reshape if is_map && positions(input) == 1 => format!("{sees}; the rest has no effect"),
            _ => continue,
        };
        if misses(input) {
            notes[input.0] = Some(note);
        }
    }
    notes
}

/// For each node, whether something that depends on it has more than one position.
fn followed(graph: &Graph) -> Vec<bool> {
    let mut followed = vec![false; graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate().rev() {
        if followed[index] || node.shape.iter().skip(1).product::<usize>() > 1 {
            node.inputs.iter().for_each(|input| followed[input.0] = true);
        }
    }
    followed
}

#[cfg(test)]
mod tests {
    use super::super::rows;
    use crate::{
        ir::PoolKind,
        testing::{Net, window},
    };

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
        assert!(rows.iter().all(|row| row.note.is_none()));
    }

    #[test]
    fn what_the_scores_miss_is_noted() {
        let (mut net, x) = Net::new([1, 12, 12]);
        let x = net.conv(x, 8, window(3, 1, 0, 1), 1, true);
        let x = net.pool(x, PoolKind::Max, window(10, 1, 0, 1));
        let x = net.flatten(x);
        let rows = rows(&net.finish(x));
        let note = "each position sees 3x3 of the 12x12 input; what lies farther apart meets in pool1 only";
        assert_eq!(rows[1].note.as_deref(), Some(note));

        let (mut net, x) = Net::new([1, 12, 12]);
        let x = net.conv(x, 8, window(5, 7, 0, 1), 1, true);
        let x = net.pool(x, PoolKind::Max, window(1, 2, 0, 1));
        let x = net.flatten(x);
        let rows = super::super::rows(&net.finish(x));
        assert_eq!(rows[2].note.as_deref(), Some("sees 5x5 of the 12x12 input; the rest has no effect"));
    }
}
