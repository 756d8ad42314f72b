//! Checks what the passes promise each other; a broken promise is a bug of the compiler and panics
//! with the place.
//!
//! Nothing here is shared with the passes: shapes are derived anew.

use std::ops::Range;

use super::{Graph, Node, Norm, Op, Pool, PoolKind, SampleAxes, Upsample, Window, op::stats_shape};

/// Order, operands and shapes of every node; shapes of the gradients.
pub fn graph(graph: &Graph) {
    for (index, node) in graph.nodes.iter().enumerate() {
        let name = &graph.layers[node.layer.0].name;
        assert!(node.inputs.iter().all(|input| input.0 < index), "{name}: %{index} precedes an operand");
        let (least, most) = arity(&node.op);
        assert!(
            (least..=most).contains(&node.inputs.len()),
            "{name}: %{index} has {} operands",
            node.inputs.len()
        );
        let shapes: Vec<&[usize]> = node.inputs.iter().map(|&id| graph[id].shape.as_slice()).collect();
        assert!(
            fits(graph, node, &shapes),
            "{name}: %{index} {:?} of {shapes:?} is not {:?}",
            node.op,
            node.shape
        );
    }
    for (param, gradient) in graph.params.iter().zip(&graph.gradients) {
        let shape = gradient.map(|id| &graph[id].shape);
        assert!(shape.is_none_or(|shape| *shape == param.shape), "gradient of {}: {shape:?}", param.name);
    }
}

fn arity(op: &Op) -> (usize, usize) {
    match op {
        Op::Input | Op::Param(_) => (0, 0),
        Op::TransposeFilters(_) => (1, 1),
        Op::Conv(_) | Op::Dense => (2, 3),
        Op::Add | Op::Concat => (1, usize::MAX),
        Op::SumGradients => (2, usize::MAX),
        Op::ConvInputGrad(_) | Op::ConvFilterGrad(_) | Op::DenseInputGrad | Op::DenseWeightGrad => (2, 2),
        Op::PoolGrad(pool) if pool.kind == PoolKind::Max => (2, 2),
        Op::PoolGrad(_) => (1, 1),
        Op::Mul | Op::Prelu | Op::SlopeGrad => (2, 2),
        Op::PreluGrad => (3, 3),
        Op::Upsample(_) | Op::UpsampleGrad(_) => (1, 1),
        Op::ActGrad(_) | Op::LrnGrad(_) | Op::MaxoutGrad { .. } | Op::SoftmaxGrad => (2, 2),
        Op::Gate | Op::GateGrad => (2, 2),
        Op::BatchStats { .. } => (3, 3),
        Op::Normalize => (4, 4),
        Op::Norm(Norm::Batch { .. }) | Op::NormalizeRunning { .. } => (5, 5),
        Op::Norm(Norm::Sample { .. }) => (1, 3),
        Op::SampleStats { .. } => (1, 1),
        Op::SampleNorm(_) => (2, 4),
        Op::SampleNormSums(_) => (3, 4),
        Op::SampleNormGrad(_) => (4, 5),
        Op::SampleScaleGrad(_) | Op::ScaleGrad => (3, 3),
        Op::NormalizeRunningGrad { .. } => (3, 3),
        Op::NormalizeGrad => (6, 6),
        Op::Pool(_) | Op::Act(_) | Op::Dropout { .. } | Op::Lrn(_) | Op::Maxout { .. } | Op::Softmax => {
            (1, 1)
        }
        Op::Shift { .. } | Op::Reshape | Op::Slice { .. } | Op::BiasGrad => (1, 1),
        Op::Loss { .. } | Op::LossGrad { .. } => (1, 1),
    }
}

/// Whether a node's shape follows from its operands'.
fn fits(graph: &Graph, node: &Node, shapes: &[&[usize]]) -> bool {
    let shape = node.shape.as_slice();
    let elements = |shape: &[usize]| shape.iter().product::<usize>();
    let vectors =
        |channels: usize, slots: Range<usize>| shapes[slots].iter().all(|input| **input == [channels]);
    match &node.op {
        Op::Input => shape.len() == 3,
        Op::Param(param) => shape == graph.params[param.0].shape,
        Op::Conv(conv) => {
            slides(shapes[0], shape, &conv.window) && filters(shapes[0], shape, shapes[1], conv.groups)
        }
        Op::TransposeFilters(_) => shape == shapes[0],
        Op::ConvInputGrad(conv) => {
            slides(shape, shapes[0], &conv.window) && filters(shape, shapes[0], shapes[1], conv.groups)
        }
        Op::ConvFilterGrad(conv) => {
            slides(shapes[0], shapes[1], &conv.window) && filters(shapes[0], shapes[1], shape, conv.groups)
        }
        Op::Dense => *shapes[1] == [shape[0], shapes[0][0]],
        Op::DenseInputGrad => *shapes[1] == [shapes[0][0], shape[0]],
        Op::DenseWeightGrad => *shape == [shapes[1][0], shapes[0][0]],
        Op::BiasGrad => scales(shape, shapes[0]),
        Op::Pool(pool) => pools(pool, shapes[0], shape),
        Op::PoolGrad(pool) => pools(pool, shape, shapes[0]) && shapes[1..].iter().all(|x| *x == shape),
        Op::Prelu => shape == shapes[0] && slopes(shapes[1], shape),
        Op::PreluGrad => shape == shapes[0] && slopes(shapes[1], shape) && shape == shapes[2],
        Op::SlopeGrad => shapes[0] == shapes[1] && slopes(shape, shapes[0]),
        Op::Upsample(upsample) => grows(upsample, shapes[0], shape),
        Op::UpsampleGrad(upsample) => grows(upsample, shape, shapes[0]),
        Op::Act(_) | Op::ActGrad(_) | Op::Dropout { .. } | Op::Add | Op::Mul | Op::SumGradients => {
            shapes.iter().all(|input| *input == shape)
        }
        Op::Softmax | Op::SoftmaxGrad | Op::Lrn(_) | Op::LrnGrad(_) => {
            shapes.iter().all(|input| *input == shape)
        }
        Op::NormalizeRunning { .. } | Op::Norm(Norm::Batch { .. }) => {
            shape == shapes[0] && vectors(shape[0], 1..5)
        }
        Op::NormalizeRunningGrad { .. } => shape == shapes[0] && vectors(shape[0], 1..3),
        Op::Norm(Norm::Sample { axes, .. }) => {
            shape == shapes[0] && divides(*axes, shape) && affine(&shapes[1..], shape)
        }
        Op::SampleStats { axes, .. } => divides(*axes, shapes[0]) && *shape == stats_shape(*axes, shapes[0]),
        Op::SampleNorm(axes) => {
            shape == shapes[0] && *shapes[1] == stats_shape(*axes, shape) && affine(&shapes[2..], shape)
        }
        Op::SampleNormSums(axes) => {
            shapes[0] == shapes[1]
                && shape == shapes[2]
                && *shape == stats_shape(*axes, shapes[0])
                && shapes[3..].iter().all(|s| scales(s, shapes[0]))
        }
        Op::SampleNormGrad(axes) => {
            [shapes[0], shapes[1]] == [shape; 2]
                && shapes[2] == shapes[3]
                && *shapes[2] == stats_shape(*axes, shape)
                && shapes[4..].iter().all(|s| scales(s, shape))
        }
        Op::SampleScaleGrad(axes) => {
            shapes[0] == shapes[2] && *shapes[1] == stats_shape(*axes, shapes[0]) && scales(shape, shapes[0])
        }
        Op::BatchStats { .. } => *shape == [2, shapes[0][0]] && vectors(shape[1], 1..3),
        Op::Normalize => shape == shapes[0] && *shapes[1] == [2, shape[0]] && vectors(shape[0], 2..4),
        Op::ScaleGrad => shapes[0] == shapes[2] && *shapes[1] == [2, shape[0]] && *shape == [shapes[0][0]],
        Op::NormalizeGrad => {
            shape == shapes[0] && shape == shapes[1] && *shapes[2] == [2, shape[0]] && vectors(shape[0], 3..6)
        }
        Op::Maxout { pieces } => gathers(*pieces, shapes[0], shape),
        Op::MaxoutGrad { pieces } => shape == shapes[0] && gathers(*pieces, shape, shapes[1]),
        Op::Gate => shape == shapes[0] && elements(shapes[1]) == shape[0] && shapes[1][0] == shape[0],
        Op::GateGrad => shapes[0] == shapes[1] && elements(shape) == shapes[0][0] && shape[0] == shapes[0][0],
        Op::Shift { .. } => shape.len() == 3 && shapes[0].len() == 3 && shape[0] == shapes[0][0],
        Op::Reshape => elements(shape) == elements(shapes[0]),
        Op::Concat => {
            shape[0] == shapes.iter().map(|input| input[0]).sum()
                && shapes.iter().all(|input| input[1..] == shape[1..])
        }
        Op::Slice { start } => start + shape[0] <= shapes[0][0] && shape[1..] == shapes[0][1..],
        Op::Loss { .. } => *shape == [1],
        Op::LossGrad { .. } => shape == shapes[0],
    }
}

/// Channels stay; adaptive windows fit any output.
fn pools(pool: &Pool, x: &[usize], y: &[usize]) -> bool {
    x[0] == y[0] && (pool.kind == PoolKind::AdaptiveAvg || slides(x, y, &pool.window))
}

/// Groups of adjacent channels become one each.
fn gathers(pieces: usize, x: &[usize], y: &[usize]) -> bool {
    x[0] == y[0] * pieces && x[1..] == y[1..]
}

/// One for each channel, or one for each element.
fn scales(scales: &[usize], x: &[usize]) -> bool {
    *scales == [x[0]] || scales == x
}

/// A scale and a shift of one shape, or neither.
fn affine(found: &[&[usize]], x: &[usize]) -> bool {
    match found {
        [] => true,
        [scale, shift] => scale == shift && scales(scale, x),
        _ => false,
    }
}

/// Groups have equally many channels; channels are those of a position.
fn divides(axes: SampleAxes, x: &[usize]) -> bool {
    match axes {
        SampleAxes::Groups(groups) => x[0].is_multiple_of(groups),
        SampleAxes::Channels => x.len() == 3,
    }
}

/// One for each channel, or one.
fn slopes(slopes: &[usize], x: &[usize]) -> bool {
    *slopes == [x[0]] || *slopes == [1]
}

fn grows(upsample: &Upsample, x: &[usize], y: &[usize]) -> bool {
    x.len() == 3 && *y == [x[0], x[1] * upsample.scale[0], x[2] * upsample.scale[1]]
}

/// Every window starts within the padded input.
fn slides(x: &[usize], y: &[usize], window: &Window) -> bool {
    (0..2).all(|axis| {
        let padded = window.pad[axis] + x[axis + 1] + window.pad_end[axis];
        (y[axis + 1] - 1) * window.stride[axis] < padded
    })
}

fn filters(x: &[usize], y: &[usize], filter: &[usize], groups: usize) -> bool {
    filter[0] == y[0] && filter[1] * groups == x[0] && y[0].is_multiple_of(groups)
}

#[cfg(test)]
mod tests {
    use super::graph;
    use crate::testing;

    #[test]
    #[should_panic(expected = "conv2: %7")]
    fn a_wrong_shape_names_its_layer() {
        let mut network = testing::mnist();
        network.nodes[7].shape[0] = 63;
        graph(&network);
    }

    #[test]
    #[should_panic(expected = "precedes an operand")]
    fn nodes_stand_behind_their_operands() {
        let mut network = testing::mnist();
        network.nodes.swap(3, 4);
        graph(&network);
    }
}
