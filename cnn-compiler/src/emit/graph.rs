//! The graph of inference as a table of the description: the forward graph as the user wrote it, so
//! before batch norm is lowered and steps are fused.
//!
//! Two things are left out: dropout, which passes its input on, and what leads to an auxiliary loss
//! only. A parameter is no node but an index of its reader. The last node yields the scores.

use cnn_plan::{Axes, GraphOp, tables::GraphNode};
use proc_macro2::TokenStream;

use super::literal::literal;
use crate::ir::{Conv, Graph, Node, NodeId, Norm, Op, ParamId, Pool, Upsample};

/// The rows, `GraphNode { … }` each.
pub fn rows(graph: &Graph) -> Vec<TokenStream> {
    let inferred = graph.inferred();
    let mut rows = Vec::new();
    let mut row_of: Vec<Option<usize>> = Vec::with_capacity(graph.nodes.len());
    for (index, node) in graph.nodes.iter().enumerate() {
        let inputs: Vec<usize> = node.inputs.iter().filter_map(|&NodeId(input)| row_of[input]).collect();
        row_of.push(match op(graph, node) {
            _ if !inferred[index] => None,
            Shown::Row(op) => {
                rows.push(row(graph, node, op, &inputs));
                Some(rows.len() - 1)
            }
            Shown::Input => Some(inputs[0]),
            Shown::Parameter => None,
        });
    }
    rows
}

/// What becomes of a node.
enum Shown {
    Row(GraphOp),
    /// It is the same value as its input.
    Input,
    Parameter,
}

fn row(graph: &Graph, node: &Node, op: GraphOp, inputs: &[usize]) -> TokenStream {
    let params: Vec<usize> = node.inputs.iter().filter_map(|&input| parameter(graph, input)).collect();
    let layer = &graph.layers[node.layer.0].name;
    literal(&GraphNode { layer, op, inputs, params: &params, shape: &node.shape })
}

fn parameter(graph: &Graph, input: NodeId) -> Option<usize> {
    match graph[input].op {
        Op::Param(ParamId(param)) => Some(param),
        _ => None,
    }
}

fn op(graph: &Graph, node: &Node) -> Shown {
    Shown::Row(match &node.op {
        Op::Param(_) => return Shown::Parameter,
        Op::Dropout { .. } => return Shown::Input,
        Op::Input => GraphOp::Input,
        Op::Conv(Conv { window, groups, .. }) => GraphOp::Conv { window: *window, groups: *groups },
        Op::Dense => GraphOp::Dense,
        Op::Pool(Pool { kind, window }) => GraphOp::Pool { kind: *kind, window: *window },
        Op::Act(act) => GraphOp::Act(*act),
        Op::Prelu => GraphOp::Prelu,
        Op::Norm(Norm::Batch { eps, .. }) => GraphOp::Norm { axes: Axes::Batch, eps: *eps },
        Op::Norm(Norm::Sample { axes, eps }) => GraphOp::Norm { axes: Axes::Sample(*axes), eps: *eps },
        Op::Lrn(response) => GraphOp::Lrn(*response),
        Op::Maxout { pieces } => GraphOp::Maxout { pieces: *pieces },
        Op::Softmax => GraphOp::Softmax,
        Op::Gate => GraphOp::Gate,
        Op::Shift { top, left } => pad([*top, *left], &graph[node.inputs[0]].shape, &node.shape),
        Op::Reshape => GraphOp::Flatten,
        Op::Add => GraphOp::Add,
        Op::Mul => GraphOp::Mul,
        Op::Upsample(Upsample { scale, mode }) => GraphOp::Upsample { scale: *scale, mode: *mode },
        Op::Concat => GraphOp::Concat,
        Op::Loss { .. }
        | Op::BatchStats { .. }
        | Op::Normalize
        | Op::NormalizeRunning { .. }
        | Op::SampleStats { .. }
        | Op::SampleNorm(_)
        | Op::SampleNormSums(_)
        | Op::SampleNormGrad(_)
        | Op::SampleScaleGrad(_)
        | Op::LossGrad { .. }
        | Op::TransposeFilters(_)
        | Op::ConvInputGrad(_)
        | Op::ConvFilterGrad(_)
        | Op::DenseInputGrad
        | Op::DenseWeightGrad
        | Op::BiasGrad
        | Op::PoolGrad(_)
        | Op::ActGrad(_)
        | Op::PreluGrad
        | Op::SlopeGrad
        | Op::UpsampleGrad(_)
        | Op::SumGradients
        | Op::ScaleGrad
        | Op::NormalizeGrad
        | Op::NormalizeRunningGrad { .. }
        | Op::LrnGrad(_)
        | Op::MaxoutGrad { .. }
        | Op::SoftmaxGrad
        | Op::GateGrad
        | Op::Slice { .. } => {
            unreachable!("passes make {:?}, and the graph is as the user wrote it", node.op)
        }
    })
}

/// A frame with all four sides: what lies below and on the right follows from the shapes.
fn pad([top, left]: [isize; 2], x: &[usize], y: &[usize]) -> GraphOp {
    let after = |axis: usize, before: isize| y[axis] as isize - x[axis] as isize - before;
    GraphOp::Pad { top, left, bottom: after(1, top), right: after(2, left) }
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::{
        ir::Graph,
        testing::{self, Net},
    };

    fn texts(graph: &Graph) -> Vec<String> {
        rows(graph).iter().map(|row| row.to_string().replace(' ', "")).collect()
    }

    #[test]
    fn dropout_passes_its_input_on() {
        let rows = texts(&testing::mnist());
        assert_eq!(rows.len(), 10, "{rows:#?}");
        assert!(rows[6].contains("op:GraphOp::Flatten,inputs:&[5,]"), "{rows:#?}");
        let last = "GraphNode{layer:\"dense2\",op:GraphOp::Dense,inputs:&[8,],params:&[6,7,],shape:&[10,],}";
        assert!(rows[7].contains("params:&[4,5,]") && rows[8].contains("Relu"), "{rows:#?}");
        assert_eq!(rows.last().map(String::as_str), Some(last));
    }

    #[test]
    fn auxiliary_heads_are_left_out() {
        let (mut net, x) = Net::new([3, 4, 4]);
        let x = net.flatten(x);
        let head = net.dense(x, 2);
        let x = net.dense(x, 2);
        net.loss(cnn_plan::LossKind::MeanSquared, head, 0.5);
        let rows = texts(&net.finish(x));
        assert_eq!(rows.len(), 3, "{rows:#?}");
        assert!(rows[2].contains("inputs:&[1,],params:&[2,3,]"), "{rows:#?}");
    }
}
