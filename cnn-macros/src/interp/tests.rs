//! Every pass against the evaluator: gradients against central differences, rewrites and plans against the plain graph.

use approx::assert_relative_eq;
use indexmap::IndexMap;

use super::{Feed, Tensor, arena, evaluate, loss, norm};
use crate::{
    ir::{self, Act, Graph, LossKind, Node, NodeId, Op, ParamId, PoolKind, Response},
    memory::{self, Program},
    passes::{
        Mode,
        autodiff::differentiate,
        layout::{Agreed, parameter},
        lower::lower,
        simplify,
    },
    testing::{
        CROSS_ENTROPY, Net,
        random::{self, Random},
        window,
    },
};

/// Some elements of every gradient against `(loss(w + h) - loss(w - h)) / 2h`.
fn check_gradients(graph: &Graph, feed: &Feed, seed: u64) {
    const STEP: f64 = 1e-5;
    let differentiated = differentiate(lower(graph.clone(), Mode::Train));
    ir::verify::graph(&differentiated);
    let values = evaluate(&differentiated, feed, Mode::Train);
    let is_loss = |node: &Node| matches!(node.op, Op::Loss { .. });
    let mut losses = differentiated.clone();
    losses.nodes.truncate(1 + losses.nodes.iter().rposition(is_loss).expect("a loss"));
    let loss_with = |param: usize, element: usize, step: f64| {
        let mut feed = feed.clone();
        feed.params[param].data[element] += step;
        loss(&losses, &evaluate(&losses, &feed, Mode::Train))
    };
    let mut random = Random(seed);
    for (param, gradient) in differentiated.gradients.iter().enumerate() {
        let Some(NodeId(gradient)) = *gradient else { continue };
        for _ in 0..4 {
            let element = random.below(feed.params[param].data.len());
            let expected =
                (loss_with(param, element, STEP) - loss_with(param, element, -STEP)) / (2.0 * STEP);
            let found = values[gradient][0].data[element];
            let name = &graph.params[param].name;
            assert!(
                (found - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "{name}: {found}, not {expected}"
            );
        }
    }
}

fn assert_close(found: &Tensor, expected: &Tensor, what: &str) {
    for (found, expected) in found.data.iter().zip(&expected.data) {
        assert!((found - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{what}: {found}, not {expected}");
    }
}

/// The simplified graphs, and their programs on an arena, against the graph as it was.
fn check_programs(graph: &Graph, feed: &Feed) {
    let plain = differentiate(lower(graph.clone(), Mode::Train));
    let train = simplify::training(plain.clone());
    let infer = simplify::inference(lower(graph.clone(), Mode::Infer));
    ir::verify::graph(&train);
    ir::verify::graph(&infer);
    let mut agreed = Agreed::default();
    let programs = [Program::new(&train, &mut agreed), Program::new(&infer, &mut agreed)];
    programs.iter().for_each(memory::verify::program);

    let expected = evaluate(&plain, feed, Mode::Train);
    let simplified = evaluate(&train, feed, Mode::Train);
    let results = arena::run(&programs[0], feed);
    for (param, gradient) in plain.gradients.iter().enumerate() {
        let name = &graph.params[param].name;
        assert_eq!(gradient.is_some(), train.gradients[param].is_some(), "{name}");
        let (Some(gradient), Some(simpler)) = (gradient, train.gradients[param]) else { continue };
        assert_close(&simplified[simpler.0][0], &expected[gradient.0][0], name);
        assert_close(results.gradients[param].as_ref().expect("written"), &expected[gradient.0][0], name);
    }
    let logits = &expected[plain.losses[0].logits.0];
    let total = results.losses.iter().flatten().sum::<f64>() / feed.images.len() as f64;
    assert_relative_eq!(total, loss(&plain, &expected), max_relative = 1e-9);
    results.logits.iter().zip(logits).for_each(|(found, expected)| assert_close(found, expected, "scores"));

    check_running(graph, &evaluate(graph, feed, Mode::Train), feed, &results.running);
    let calm = evaluate(graph, feed, Mode::Infer);
    let logits = &calm[graph.losses[0].logits.0];
    let results = arena::run(&programs[1], feed);
    results
        .logits
        .iter()
        .zip(logits)
        .for_each(|(found, expected)| assert_close(found, expected, "inference"));
    assert!(results.running.is_empty());
}

/// Running statistics after a pass, of the layers that a loss depends on.
fn check_running(graph: &Graph, values: &[Vec<Tensor>], feed: &Feed, running: &IndexMap<ParamId, Tensor>) {
    for node in &graph.nodes {
        let Op::BatchNorm { momentum, .. } = node.op else { continue };
        let batch: Vec<&Tensor> = values[node.inputs[0].0].iter().collect();
        let params = [3, 4].map(|slot| parameter(graph, node.inputs[slot]));
        let Some(found) = running.get(&params[0]).zip(running.get(&params[1])) else { continue };
        let old = params.map(|param| &feed.params[param.0]);
        let [mean, variance] = norm::moved(&batch, momentum, old);
        assert_close(found.0, &mean, "running mean");
        assert_close(found.1, &variance, "running variance");
    }
}

fn check(graph: &Graph) {
    let feed = random::feed(graph, 3, 1);
    check_gradients(graph, &feed, 2);
    check_programs(graph, &feed);
}

#[test]
fn convolution_sums_what_the_window_covers() {
    let (mut net, x) = Net::new([1, 3, 3]);
    let y = net.conv(x, 1, window(2, 2, 1, 1), 1, false);
    let logits = net.flatten(y);
    let graph = net.finish(logits);
    let image = Tensor { shape: vec![1, 3, 3], data: (1..10).map(f64::from).collect() };
    let filter = Tensor { shape: vec![1, 1, 2, 2], data: vec![1.0, 10.0, 100.0, 1000.0] };
    let feed = Feed { images: vec![image], labels: vec![0], params: vec![filter] };
    assert_eq!(evaluate(&graph, &feed, Mode::Train)[logits.0][0].data, [1000.0, 3200.0, 7040.0, 9865.0]);
}

#[test]
fn convolutions_with_every_window() {
    for (kernel, stride, pad, dilation, groups) in
        [(1, 1, 2, 1, 1), (3, 1, 1, 1, 2), (3, 2, 1, 1, 1), (2, 3, 0, 1, 2), (3, 1, 2, 2, 4)]
    {
        let (mut net, x) = Net::new([4, 7, 6]);
        let x = net.conv(x, 8, window(kernel, stride, pad, dilation), groups, true);
        let x = net.relu(x);
        let x = net.conv(x, 4, window(1, 1, 0, 1), 1, false);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn pools_and_activations() {
    let acts = [Act::Relu, Act::LeakyRelu(0.2), Act::Elu(0.7), Act::Sigmoid, Act::Tanh];
    let pools = [
        PoolKind::Max,
        PoolKind::Avg { count_include_pad: true },
        PoolKind::Avg { count_include_pad: false },
    ];
    for (act, pool) in acts.into_iter().flat_map(|act| pools.map(|pool| (act, pool))) {
        let (mut net, x) = Net::new([2, 6, 7]);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, true);
        let x = net.act(x, act);
        let x = net.pool(x, pool, window(3, 2, 1, 1));
        let x = net.dropout(x, 0.3);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn average_of_clipped_windows_divides_by_the_padded_area() {
    let (mut net, x) = Net::new([1, 4, 4]);
    let x = net.conv(x, 2, window(1, 1, 0, 1), 1, true);
    let y = net.pool(x, PoolKind::Avg { count_include_pad: true }, window(3, 2, 0, 1));
    net.graph.nodes[y.0].shape = vec![2, 2, 2];
    let x = net.flatten(y);
    let x = net.dense(x, 2);
    check(&net.finish(x));
}

#[test]
fn joins_dropout_and_a_second_loss() {
    let (mut net, x) = Net::new([3, 6, 6]);
    let a = net.conv(x, 8, window(3, 1, 1, 1), 1, true);
    let a = net.relu(a);
    let b = net.conv(a, 5, window(1, 1, 0, 1), 1, true);
    let c = net.conv(a, 8, window(3, 1, 1, 1), 1, false);
    let c = net.add(&[c, a]);
    let c = net.relu(c);
    let joined = net.concat(&[a, c, b, x]);
    let joined = net.dropout(joined, 0.4);
    let side = net.flatten(c);
    let side = net.dense(side, 4);
    net.loss(CROSS_ENTROPY, side, 0.3);
    let flat = net.flatten(joined);
    let flat = net.relu(flat);
    let scores = net.dense(flat, 4);
    check(&net.finish(scores));
}

#[test]
fn batch_norm_with_residuals() {
    let (mut net, x) = Net::new([3, 5, 4]);
    let x = net.conv(x, 12, window(3, 1, 1, 1), 1, false);
    let x = net.batch_norm(x);
    let x = net.relu(x);
    let y = net.conv(x, 12, window(3, 1, 1, 1), 1, true);
    let y = net.batch_norm(y);
    let side = net.conv(x, 12, window(1, 1, 0, 1), 1, false);
    let side = net.batch_norm(side);
    let x = net.add(&[y, side]);
    let x = net.relu(x);
    let x = net.flatten(x);
    let x = net.dense(x, 5);
    let x = net.batch_norm(x);
    let x = net.act(x, Act::Tanh);
    let x = net.dense(x, 3);
    check(&net.finish(x));
}

#[test]
fn batch_norm_frozen_and_with_nothing_trained_below() {
    for (stem, norm) in [(true, false), (false, true), (true, true)] {
        let (mut net, x) = Net::new([2, 5, 4]);
        net.freeze(stem);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, false);
        net.freeze(norm);
        let x = net.batch_norm(x);
        net.freeze(false);
        let x = net.act(x, Act::Sigmoid);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        let graph = net.finish(x);
        check(&graph);
        let backward = differentiate(lower(graph, Mode::Train));
        let sums = backward.nodes.iter().filter(|node| node.op == Op::ScaleGrad).count();
        assert_eq!(sums, !(stem && norm) as usize, "needed for gamma, and for what is below");
        let through = backward.nodes.iter().filter(|node| node.op == Op::NormalizeGrad).count();
        assert_eq!(through, !stem as usize);
    }
}

#[test]
fn normalisation_across_channels() {
    for size in 1..6 {
        let (mut net, x) = Net::new([2, 4, 3]);
        let x = net.conv(x, 11, window(3, 1, 1, 1), 1, true);
        let x = net.lrn(x, Response { size, alpha: 0.9, beta: 0.75, k: 1.2 });
        let x = net.relu(x);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn maxout_softmax_and_gates() {
    let (mut net, x) = Net::new([2, 4, 3]);
    let x = net.conv(x, 24, window(3, 1, 1, 1), 1, true);
    let x = net.maxout(x, 2);
    let gate = net.adaptive_avg(x, [1, 1]);
    let gate = net.flatten(gate);
    let gate = net.dense(gate, 24);
    let gate = net.maxout(gate, 2);
    let gate = net.softmax(gate);
    let x = net.gate(x, gate);
    let y = net.softmax(x);
    let x = net.gate(y, gate);
    let x = net.flatten(x);
    let x = net.dense(x, 3);
    check(&net.finish(x));
}

#[test]
fn frames_and_even_windows() {
    for [top, bottom, left, right] in [[1, 2, 0, 3], [-1, -1, -2, 0], [2, -3, -1, 1]] {
        let (mut net, x) = Net::new([2, 7, 6]);
        let x = net.pad(x, [top, bottom, left, right]);
        let x = net.conv(x, 9, window(3, 1, 1, 1), 1, true);
        let x = net.pad(x, [left, right, top, bottom]);
        let x = net.relu(x);
        let x = net.adaptive_avg(x, [3, 2]);
        let x = net.channel_dropout(x, 0.4);
        let x = net.flatten(x);
        let x = net.dense(x, 3);
        check(&net.finish(x));
    }
}

#[test]
fn losses() {
    for kind in
        [LossKind::CrossEntropy { smoothing: 0.1 }, LossKind::MeanSquared, LossKind::BinaryCrossEntropy]
    {
        let (mut net, x) = Net::new([2, 3, 3]);
        let x = net.flatten(x);
        let x = net.dense(x, 5);
        let mut graph = net.finish(x);
        graph.losses[0] = ir::Loss { kind, weight: 0.7, ..graph.losses[0].clone() };
        check(&graph);
    }
}

#[test]
fn dense_blocks_listed_anew() {
    let (mut net, x) = Net::new([3, 4, 4]);
    let mut features = vec![net.conv(x, 12, window(3, 1, 1, 1), 1, false)];
    for _ in 0..3 {
        let x = net.concat(&features);
        let y = net.batch_norm(x);
        let y = net.relu(y);
        features.push(net.conv(y, 6, window(3, 1, 1, 1), 1, false));
    }
    let x = net.concat(&features);
    let again = net.concat(&[features[0], x, features[0]]);
    let x = net.flatten(again);
    let x = net.dense(x, 2);
    check(&net.finish(x));
}

#[test]
fn a_frozen_stem_costs_no_backward_work() {
    let (mut net, x) = Net::new([1, 6, 6]);
    net.freeze(true);
    let x = net.conv(x, 8, window(3, 1, 0, 1), 1, true);
    let x = net.relu(x);
    net.freeze(false);
    let x = net.conv(x, 8, window(3, 1, 0, 1), 1, true);
    let x = net.flatten(x);
    let x = net.dense(x, 2);
    let graph = net.finish(x);
    check(&graph);
    let backward = differentiate(lower(graph, Mode::Train));
    assert_eq!(backward.gradients.iter().filter(|gradient| gradient.is_none()).count(), 2);
    assert!(!backward.nodes.iter().any(|node| matches!(node.op, Op::ConvInputGrad(_) | Op::ActGrad(_))));
}

#[test]
fn random_networks() {
    for seed in 0..60 {
        let graph = random::network(seed);
        let feed = random::feed(&graph, 3, seed);
        println!("network {seed}");
        check_gradients(&graph, &feed, seed);
        check_programs(&graph, &feed);
    }
}
