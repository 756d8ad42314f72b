//! Tables that no declaration makes, and what a model says of itself. That models compute what graphs
//! do is tested in the package `cnn-tests`.

use cnn_plan::{
    Meaning, PoolKind, Window,
    tables::{Param, Port},
};
use prost::Message;

use super::*;
use crate::messages::NodeProto;

const INPUT: GraphNode =
    GraphNode { layer: "input", op: GraphOp::Input, inputs: &[], params: &[], shape: &[1, 4, 5] };

/// A network of one layer behind the input.
fn network<'a>(
    graph: &'a [GraphNode<'a>; 2],
    outputs: &'a [Port<'a>],
    params: &'a [Param<'a>],
) -> Description<'a> {
    const INPUTS: &[Port] = &[Port { name: "input", shape: INPUT.shape, meaning: Meaning::Image }];
    Description { name: "Net", inputs: INPUTS, outputs, params, graph, ..Description::EMPTY }
}

fn answer<'a>(shape: &'a [usize]) -> [Port<'a>; 1] {
    [Port { name: "output", shape, meaning: Meaning::Answer(TargetKind::Values) }]
}

/// The nodes of an operation, each with the integers that it goes by.
fn nodes(op: GraphOp, shape: &[usize]) -> Result<Vec<(NodeProto, Vec<i64>)>> {
    let graph = [INPUT, GraphNode { layer: "layer", op, inputs: &[0], params: &[], shape }];
    let outputs = answer(shape);
    let description = network(&graph, &outputs, &[]);
    let model = Model::new(&description, &Options::default())?;
    let mut bytes = Vec::new();
    let mut read =
        |_: usize, _: &mut dyn FnMut(&[f32]) -> Result<()>| unreachable!("there are no parameters");
    model.write(&mut read, &mut |part| {
        bytes.extend_from_slice(part);
        Ok(())
    })?;
    assert_eq!(model.len(), bytes.len() as u64);
    let graph = ModelProto::decode(&bytes[..]).unwrap().graph.unwrap();
    let integers = |node: &NodeProto| {
        let tensors = node.input[1..]
            .iter()
            .flat_map(|name| graph.initializer.iter().find(|tensor| tensor.name == *name));
        let raw = tensors.flat_map(|tensor| tensor.raw_data.as_ref().unwrap().as_chunks().0);
        raw.map(|&bytes| i64::from_le_bytes(bytes)).collect()
    };
    Ok(graph.node.iter().map(|node| (node.clone(), integers(node))).collect())
}

#[test]
fn a_frame_takes_away_and_adds() {
    let frame = |[top, left, bottom, right]: [isize; 4]| {
        let shape = [1, (4 + top + bottom) as usize, (5 + left + right) as usize];
        let nodes = nodes(GraphOp::Pad { top, left, bottom, right }, &shape)?;
        let text =
            nodes.iter().map(|(node, integers)| format!("{} {} {integers:?}", node.name, node.op_type));
        Ok::<_, Error>(text.collect::<Vec<_>>().join("; "))
    };
    assert_eq!(frame([1, 0, 2, 3]).unwrap(), "layer Pad [0, 0, 1, 0, 0, 0, 2, 3]");
    assert_eq!(frame([-1, 0, -2, -3]).unwrap(), "layer Slice [1, 0, 2, 2, 2, 3]");
    let both = "layer/Slice Slice [1, 0, 4, 2, 2, 3]; layer Pad [0, 0, 0, 2, 0, 0, 1, 0]";
    assert_eq!(frame([-1, 2, 1, -3]).unwrap(), both);
    assert_eq!(frame([0; 4]).unwrap(), "layer Pad [0, 0, 0, 0, 0, 0, 0, 0]");
    let error = frame([-4, 0, 2, 0]).unwrap_err().to_string();
    assert_eq!(error, "layer: more is taken away than there is, and ONNX has no map without pixels");
}

#[test]
fn what_the_operators_do_not_have_is_refused_by_layer() {
    let window = Window { kernel: [2, 2], stride: [1, 1], pad: [0, 0], pad_end: [0, 0], dilation: [2, 2] };
    let kind = PoolKind::Avg { count_include_pad: true };
    let error = nodes(GraphOp::Pool { kind, window }, &[1, 2, 3]).unwrap_err().to_string();
    assert_eq!(error, "layer: an average over taps that lie apart is no operator of ONNX's set 17");
    assert!(nodes(GraphOp::Pool { kind: PoolKind::Max, window }, &[1, 2, 3]).is_ok());
}

#[test]
fn ports_are_the_networks() {
    let graph = [
        INPUT,
        GraphNode { layer: "flatten", op: GraphOp::Flatten, inputs: &[0], params: &[], shape: &[20] },
    ];
    let error =
        |description: &Description| Model::new(description, &Options::default()).unwrap_err().to_string();
    let outputs = [answer(&[20])[0], answer(&[20])[0]];
    let expected = "Net: expected a network with one output, found 2";
    assert_eq!(error(&network(&graph, &outputs, &[])), expected);
    let twice = [INPUT, INPUT];
    let outputs = answer(INPUT.shape);
    let expected = "input: an input that no port of the network is";
    assert_eq!(error(&network(&twice, &outputs, &[])), expected);
}

/// Names that layers and parameters share are told apart, and the parameters keep theirs.
#[test]
fn a_layer_may_be_called_as_a_parameter() {
    let params = [Param::vector("output", &[1]), Param::vector("layer", &[1])];
    let graph = [
        INPUT,
        GraphNode { layer: "layer", op: GraphOp::Prelu, inputs: &[0], params: &[1], shape: INPUT.shape },
    ];
    let outputs = answer(INPUT.shape);
    let description = network(&graph, &outputs, &params);
    let model = Model::new(&description, &Options { stored: FloatType::F16, ..Options::default() }).unwrap();
    let mut bytes = Vec::new();
    let mut read = |index: usize, see: &mut dyn FnMut(&[f32]) -> Result<()>| see(&[index as f32]);
    model
        .write(&mut read, &mut |part| {
            bytes.extend_from_slice(part);
            Ok(())
        })
        .unwrap();
    let graph = ModelProto::decode(&bytes[..]).unwrap().graph.unwrap();
    let names: Vec<_> = graph.node.iter().map(|node| (node.input.join(" "), node.output.join(" "))).collect();
    let expected = [("layer", "layer/Cast"), ("input layer/Cast", "output")];
    assert!(names.iter().map(|(input, output)| (input.as_str(), output.as_str())).eq(expected), "{names:?}");
    assert_eq!(graph.initializer[0].name, "layer");
}

/// Lengths are numbers: nothing of this size is held.
#[test]
fn a_model_may_be_too_large() {
    let shape = [1 << 15, 1 << 14];
    let weight = [Param { shape: &shape, ..Param::vector("fc.weight", &[1]) }];
    let graph =
        [INPUT, GraphNode { layer: "fc", op: GraphOp::Dense, inputs: &[0], params: &[0], shape: &[1 << 15] }];
    let outputs = answer(&[1 << 15]);
    let description = network(&graph, &outputs, &weight);
    let len = |stored| Model::new(&description, &Options { stored, ..Options::default() }).unwrap().len();
    assert!(len(FloatType::F32) > LARGEST && len(FloatType::F32) - LARGEST < 1000);
    assert!(len(FloatType::F16) < LARGEST / 2 + 1000);
}
