use super::step::{Elt, Map, Step, reads, writes};
use crate::{
    ir::{Act, Graph, NodeId, PoolKind},
    memory::{Program, print},
    passes::{Mode, autodiff::differentiate, layout::Agreed, lower::lower, simplify},
    testing::{self, Net, window},
};

fn schedule_text(graph: &Graph) -> String {
    print::schedule(graph, &Program::new(graph, &mut Agreed::default()).schedule)
}

fn training(graph: Graph) -> Graph {
    simplify::training(differentiate(lower(graph, Mode::Train)))
}

fn copies(program: &Program) -> usize {
    program.schedule.steps().filter(|step| matches!(step, Step::CopyElements(_))).count()
}

#[test]
fn the_keras_convnet_trains_in_fifteen_steps() {
    let expected = "\
forward Sample
  conv1 Conv b0+0 [1, 28, 28] planar -> b1+0 [32, 26, 26], Relu
  conv2 Conv b1+0 [32, 26, 26] -> b2+0 [64, 24, 24], Relu
  pool1 Pool b2+0 [64, 24, 24] -> b3+0 [64, 12, 12], dropout 0 at 0.25
forward Batch
  dense1 Dense b3+0 [64, 12, 12] -> b4+0 [128, 1, 1], Relu, dropout 1 at 0.5
  dense2 Dense b4+0 [128, 1, 1] -> b5+0 [10, 1, 1]
forward Sample
  dense2 Loss b5+0 [10, 1, 1] -> b6+0 [2, 1, 1], b7+0 [10, 1, 1]
backward Batch
  dense2 DenseWeightGrad b4+0 [128, 1, 1], b7+0 [10, 1, 1] ->
  dense2 DenseInputGrad b7+0 [10, 1, 1], b4+0 [128, 1, 1] -> b8+0 [128, 1, 1], dropout 1 at 0.5, gradient of Relu
  dense1 DenseInputGrad b8+0 [128, 1, 1] -> b9+0 [64, 12, 12], dropout 0 at 0.25
  dense1 DenseWeightGrad b3+0 [64, 12, 12], b8+0 [128, 1, 1] ->
backward Sample
  pool1 PoolGrad b9+0 [64, 12, 12], b2+0 [64, 24, 24], b2+0 [64, 24, 24] -> b10+0 [64, 24, 24], gradient of Relu
backward Batch
  conv2 ConvFilterGrad b1+0 [32, 26, 26], b10+0 [64, 24, 24] ->
  conv2 TransposeFilters ->
backward Sample
  conv2 ConvInputGrad b10+0 [64, 24, 24], b1+0 [32, 26, 26] -> b11+0 [32, 26, 26], gradient of Relu
backward Batch
  conv1 ConvFilterGrad b0+0 [1, 28, 28] planar, b11+0 [32, 26, 26] ->
";
    assert_eq!(schedule_text(&training(testing::mnist())), expected);
}

#[test]
fn inference_drops_dropout_and_writes_over_what_dies() {
    let (mut net, x) = Net::new([8, 4, 4]);
    let a = net.conv(x, 8, window(3, 1, 1, 1), 1, true);
    let b = net.pool(a, PoolKind::Max, window(3, 1, 1, 1));
    let sum = net.add(&[a, b]);
    let left = net.act(sum, Act::Tanh);
    let right = net.dropout(sum, 0.5);
    let right = net.act(right, Act::Sigmoid);
    let x = net.add(&[left, right]);
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let expected = "\
forward Sample
  conv1 Conv b0+0 [8, 4, 4] planar -> b1+0 [8, 4, 4]
  pool1 Pool b1+0 [8, 4, 4], b1+0 [8, 4, 4] -> b2+0 [8, 4, 4], add
  act1 Elementwise b2+0 [8, 4, 4] -> b3+0 [8, 4, 4], Tanh
  act2 Elementwise b2+0 [8, 4, 4], b3+0 [8, 4, 4] -> b2+0 [8, 4, 4], Sigmoid, add
forward Batch
  dense1 Dense b2+0 [8, 4, 4] -> b5+0 [2, 1, 1]
";
    assert_eq!(schedule_text(&simplify::inference(net.finish(x))), expected);
}

#[test]
fn parts_of_a_concatenation_are_written_in_place_where_blocks_allow() {
    let (mut net, x) = Net::new([1, 4, 4]);
    let parts = [8, 12, 3].map(|channels| net.conv(x, channels, window(1, 1, 0, 1), 1, false));
    let x = net.concat(&parts);
    let x = net.conv(x, 2, window(4, 1, 0, 1), 1, false);
    let x = net.flatten(x);
    let graph = training(net.finish(x));
    let program = Program::new(&graph, &mut Agreed::default());
    let written: Vec<Map> = program.schedule.steps().flat_map(writes).collect();
    assert_eq!((written[0].buffer, written[1].start), (written[1].buffer, 8 * 16));
    assert_eq!(copies(&program), 2, "the third part goes in and its gradient comes out");
}

#[test]
fn training_and_inference_agree_on_the_order_of_dense_weights() {
    let (mut net, x) = Net::new([3, 4, 4]);
    let x = net.dropout(x, 0.5);
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let graph = net.finish(x);
    let mut agreed = Agreed::default();
    let train = Program::new(&training(graph.clone()), &mut agreed);
    let infer = Program::new(&simplify::inference(graph), &mut agreed);
    let form = |program: &Program| {
        let dense = program.schedule.steps().find(|step| matches!(step, Step::Dense(_)));
        dense.and_then(|step| reads(step).next()).expect("a dense step").form
    };
    assert_eq!(form(&train), form(&infer));
}

#[test]
fn relu_behind_dropout_is_not_stored() {
    let (mut net, x) = Net::new([8, 4, 4]);
    let x = net.conv(x, 8, window(3, 1, 1, 1), 1, true);
    let x = net.relu(x);
    let x = net.dropout(x, 0.5);
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let graph = training(net.finish(x));
    let program = Program::new(&graph, &mut Agreed::default());
    let conv = program.schedule.steps().next().expect("a step");
    assert_eq!(
        conv.described().epilogue().expect("an epilogue")[..],
        [Elt::Act(Act::Relu), Elt::Dropout { rate: 0.5, stream: 0, channelwise: false }]
    );
}

#[test]
fn batch_norm_is_a_barrier_in_training_and_an_epilogue_in_inference() {
    let (mut net, x) = Net::new([8, 4, 4]);
    let y = net.conv(x, 8, window(3, 1, 1, 1), 1, false);
    let y = net.batch_norm(y);
    let y = net.relu(y);
    let y = net.flatten(y);
    let y = net.dense(y, 2);
    let graph = net.finish(y);
    let train = "\
forward Sample
  conv1 Conv b0+0 [8, 4, 4] planar -> b1+0 [8, 4, 4]
forward Batch
  batch_norm1 BatchStats b1+0 [8, 4, 4] ->
forward Sample
  batch_norm1 Elementwise b1+0 [8, 4, 4] -> b2+0 [8, 4, 4], normalize, Relu
forward Batch
  dense1 Dense b2+0 [8, 4, 4] -> b3+0 [2, 1, 1]
forward Sample
  dense1 Loss b3+0 [2, 1, 1] -> b4+0 [2, 1, 1], b5+0 [2, 1, 1]
backward Batch
  dense1 DenseWeightGrad b2+0 [8, 4, 4], b5+0 [2, 1, 1] ->
  dense1 DenseInputGrad b5+0 [2, 1, 1], b2+0 [8, 4, 4] -> b6+0 [8, 4, 4], gradient of Relu
  batch_norm1 BatchNormSums b1+0 [8, 4, 4], b6+0 [8, 4, 4] ->
backward Sample
  batch_norm1 Elementwise b6+0 [8, 4, 4], b1+0 [8, 4, 4] -> b6+0 [8, 4, 4], gradient of normalize
backward Batch
  conv1 ConvFilterGrad b0+0 [8, 4, 4] planar, b6+0 [8, 4, 4] ->
";
    assert_eq!(schedule_text(&training(graph.clone())), train);
    let infer = "\
forward Sample
  conv1 Conv b0+0 [8, 4, 4] planar -> b1+0 [8, 4, 4], normalize, Relu
forward Batch
  dense1 Dense b1+0 [8, 4, 4] -> b2+0 [2, 1, 1]
";
    assert_eq!(schedule_text(&simplify::inference(lower(graph, Mode::Infer))), infer);
}

/// A block of three dense layers: each takes the concatenation so far, or lists all features anew.
fn dense_block(nested: bool) -> Graph {
    let (mut net, x) = Net::new([8, 4, 4]);
    let mut features: Vec<NodeId> = vec![net.conv(x, 8, window(3, 1, 1, 1), 1, false)];
    let mut x = features[0];
    for _ in 0..3 {
        let y = net.batch_norm(x);
        let y = net.relu(y);
        let y = net.conv(y, 8, window(3, 1, 1, 1), 1, false);
        features.push(y);
        x = if nested { net.concat(&[x, y]) } else { net.concat(&features) };
    }
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    net.finish(x)
}

#[test]
fn dense_blocks_grow_in_one_buffer() {
    for nested in [true, false] {
        let graph = dense_block(nested);
        let mut agreed = Agreed::default();
        let train = Program::new(&training(graph.clone()), &mut agreed);
        let infer = Program::new(&simplify::inference(lower(graph, Mode::Infer)), &mut agreed);
        assert_eq!((copies(&train), copies(&infer)), (0, 0), "nested: {nested}");
    }
}
