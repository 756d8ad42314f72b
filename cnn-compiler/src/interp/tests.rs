//! Every pass against the evaluator: gradients against central differences, rewrites and plans
//! against the plain graph.

mod layers;

use approx::assert_relative_eq;
use indexmap::IndexMap;

use super::{Feed, Tensor, arena, evaluate, loss, norm};
use crate::{
    ir::{self, Act, Graph, Node, NodeId, Norm, Op, ParamId},
    memory::{self, Program},
    passes::{
        Mode,
        autodiff::differentiate,
        layout::{Agreed, parameter},
        lower::lower,
        simplify,
    },
    testing::{
        Net,
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
    for (param, gradient) in differentiated.gradients[..feed.params.len()].iter().enumerate() {
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
    for (param, gradient) in plain.gradients[..feed.params.len()].iter().enumerate() {
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
    let mut expected = feed.params.clone();
    let mut trained = vec![false; graph.nodes.len()];
    graph.losses.iter().for_each(|loss| trained[loss.logits.0] = true);
    for id in (0..graph.nodes.len()).rev() {
        if trained[id] {
            graph.nodes[id].inputs.iter().for_each(|input| trained[input.0] = true);
        }
    }
    for (_, node) in graph.nodes.iter().enumerate().filter(|(id, _)| trained[*id]) {
        let Op::Norm(Norm::Batch { momentum, .. }) = node.op else { continue };
        let batch: Vec<&Tensor> = values[node.inputs[0].0].iter().collect();
        let params = [3, 4].map(|slot| parameter(graph, node.inputs[slot]));
        let moved = norm::moved(&batch, momentum, params.map(|param| &expected[param.0]));
        params.into_iter().zip(moved).for_each(|(param, moved)| expected[param.0] = moved);
    }
    for (param, found) in running {
        assert_close(found, &expected[param.0], &graph.params[param.0].name);
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
    let feed = Feed { images: vec![image], targets: vec![vec![0.0; 4]], params: vec![filter] };
    assert_eq!(evaluate(&graph, &feed, Mode::Train)[logits.0][0].data, [1000.0, 3200.0, 7040.0, 9865.0]);
}

#[test]
fn random_networks() {
    check_random(0..60);
}

/// Beside the first ones, on another thread.
#[test]
fn further_random_networks() {
    check_random(60..120);
}

fn check_random(seeds: std::ops::Range<u64>) {
    let mut passed_over = 0;
    for seed in seeds {
        let graph = random::network(seed);
        let feed = random::feed(&graph, 3, seed);
        let train = differentiate(lower(graph.clone(), Mode::Train));
        let is_tame =
            |value: &Vec<Tensor>| value.iter().flat_map(|tensor| &tensor.data).all(|value| value.abs() < 1e6);
        if !evaluate(&train, &feed, Mode::Train).iter().all(is_tame) {
            // Products of products: differences of such numbers tell nothing.
            passed_over += 1;
            continue;
        }
        println!("network {seed}");
        check_gradients(&graph, &feed, seed);
        check_programs(&graph, &feed);
    }
    assert!(passed_over < 4, "{passed_over} networks have values that are too large");
}

/// Longer than any epilogue: 20 activations, then a sum of 18 maps.
#[test]
fn long_chains_take_several_steps() {
    let (mut net, x) = Net::new([3, 4, 4]);
    let parts: Vec<NodeId> = (0..18).map(|_| net.conv(x, 4, window(3, 1, 1, 1), 1, true)).collect();
    let mut y = net.conv(x, 4, window(3, 1, 1, 1), 1, true);
    for _ in 0..20 {
        y = net.act(y, Act::Tanh);
    }
    let sum = net.add(&parts);
    let y = net.add(&[sum, y]);
    let y = net.flatten(y);
    let y = net.dense(y, 2);
    let graph = net.finish(y);
    check(&graph);
    let train = simplify::training(differentiate(lower(graph, Mode::Train)));
    let program = Program::new(&train, &mut Agreed::default());
    let lengths: Vec<usize> =
        program.schedule.steps().map(|step| step.described().epilogue().map_or(0, Vec::len)).collect();
    assert_eq!(lengths.iter().max(), Some(&16), "{lengths:?}");
    assert!(lengths.iter().sum::<usize>() >= 20 + 18, "{lengths:?}");
}
