//! What each layer appends to the graph, and the attributes of its parameters.

use cnn_plan::{Init, LossKind};

use super::{body, complaints, graph, layer_names, param_names, params, sources::EVERYTHING};
use crate::ir::{Graph, Norm, Op, Response};

/// Shape and op of the layer `it`.
fn node(graph: &Graph) -> (&Op, &[usize]) {
    let is_it = |index: usize| graph.layers[index].name == "it";
    let found = graph.nodes.iter().rfind(|node| is_it(node.layer.0)).expect("it");
    (&found.op, &found.shape)
}

#[test]
fn everything_together() {
    let graph = graph(EVERYTHING);
    assert_eq!(graph.losses.len(), 2);
    assert!(param_names(&graph).contains(&"layer2.b.2.downsample.0.weight"));
    assert!(param_names(&graph).contains(&"layer1.a.1.0.se.down.bias"));
    assert!(layer_names(&graph).contains(&"right"));
}

#[test]
fn batch_norm_has_parameters_and_buffers() {
    let graph =
        body("input -> conv(4, 3, bias = false) -> it: batch_norm(eps = 1e-3) -> flatten -> dense(10)");
    let names = ["it.weight", "it.bias", "it.running_mean", "it.running_var"];
    assert_eq!(param_names(&graph)[1..5], names);
    let starts: Vec<_> =
        graph.params[1..5].iter().map(|param| (param.init, param.buffer, param.trainable)).collect();
    let parameter = |start| (Init::Constant(start), false, true);
    let buffer = |start| (Init::Constant(start), true, false);
    assert_eq!(starts, [parameter(1.0), parameter(0.0), buffer(0.0), buffer(1.0)]);
    assert_eq!(node(&graph), (&Op::Norm(Norm::Batch { eps: 1e-3, momentum: 0.1 }), &[4, 26, 26][..]));
    assert_eq!(params(&graph), 36 + 8 + 10 * 4 * 26 * 26 + 10);
}

#[test]
fn batch_norm_takes_flat_values() {
    let graph = body("input -> flatten -> dense(6) -> it: batch_norm -> relu -> dense(10)");
    assert_eq!(node(&graph).1, [6]);
}

#[test]
fn a_bias_before_batch_norm_is_noted() {
    let note = |bias: bool| {
        let graph = body(&format!(
            "input -> c: conv(4, 3, stride = 2, bias = {bias}) -> n: batch_norm -> flatten -> dense(10)"
        ));
        graph.layers[1].note.clone().unwrap_or_default()
    };
    let dropped = "a 3x3 window with stride 2 drops 1 row and 1 column";
    assert_eq!(note(false), dropped);
    assert_eq!(note(true), format!("{dropped}; its bias has no effect before n; write bias = false"));
}

#[test]
fn layers_without_parameters() {
    let response = Response { size: 5, alpha: 1e-4, beta: 0.75, k: 2.0 };
    for (layer, op, shape) in [
        ("it: lrn", Op::Lrn(response), [4, 26, 26]),
        ("it: lrn(3, k = 1)", Op::Lrn(Response { size: 3, k: 1.0, ..response }), [4, 26, 26]),
        ("it: maxout(2)", Op::Maxout { pieces: 2 }, [2, 26, 26]),
        ("it: softmax", Op::Softmax, [4, 26, 26]),
        ("it: dropout(0.5)", Op::Dropout { rate: 0.5, stream: 0, channelwise: false }, [4, 26, 26]),
        ("it: channel_dropout(0.5)", Op::Dropout { rate: 0.5, stream: 0, channelwise: true }, [4, 26, 26]),
        ("it: zero_pad(1)", Op::Shift { top: 1, left: 1 }, [4, 28, 28]),
        ("it: zero_pad((1, 2))", Op::Shift { top: 1, left: 2 }, [4, 28, 30]),
        ("it: zero_pad((0, 1, 2, 3))", Op::Shift { top: 0, left: 2 }, [4, 27, 31]),
        ("it: crop(3)", Op::Shift { top: -3, left: -3 }, [4, 20, 20]),
        ("it: crop((0, 25, 2, 0))", Op::Shift { top: 0, left: -2 }, [4, 1, 24]),
    ] {
        let graph = body(&format!("input -> conv(4, 3) -> {layer} -> flatten -> dense(10)"));
        assert_eq!(node(&graph), (&op, &shape[..]), "{layer}");
    }
}

#[test]
fn maxout_takes_flat_values() {
    let graph = body("input -> flatten -> dense(12) -> it: maxout(3) -> dense(10)");
    assert_eq!(node(&graph), (&Op::Maxout { pieces: 3 }, &[4][..]));
}

#[test]
fn a_gate_is_flat_or_one_pixel() {
    for gate in ["x -> global_avg_pool", "x -> global_avg_pool -> flatten -> dense(4) -> sigmoid"] {
        let graph = body(&format!(
            "let x = input -> conv(4, 3); let gate = {gate}; x -> it: mul(gate) -> flatten -> last: dense(10)"
        ));
        assert_eq!(node(&graph), (&Op::Gate, &[4, 26, 26][..]));
    }
}

#[test]
fn attributes_belong_to_the_parameters_of_their_layer() {
    let graph = body(
        "input -> conv(4, 3, bias_init = 0.5, lr = 0.1, decay = false) -> batch_norm(freeze = true, lr_factor = 2)
               -> flatten -> dense(10, init = 0, bias_init = torch)",
    );
    let [weight, bias, scale, shift, mean, _, dense, dense_bias] = &graph.params[..] else { panic!() };
    assert_eq!((weight.init, weight.lr_factor, weight.decay), (Init::GlorotUniform, 0.1, false));
    assert_eq!((bias.init, bias.lr_factor, bias.decay), (Init::Constant(0.5), 0.1, false));
    assert_eq!((scale.trainable, scale.lr_factor, shift.trainable, shift.decay), (false, 2.0, false, true));
    assert_eq!((mean.buffer, mean.trainable, mean.decay), (true, false, false));
    assert_eq!((dense.init, dense.lr_factor), (Init::Constant(0.0), 1.0));
    assert_eq!((dense_bias.init, dense_bias.fan_in), (Init::Torch, 4 * 26 * 26));
}

#[test]
fn depthwise_convolution_has_a_group_for_each_channel() {
    let graph = body(
        "let x = input -> conv(6, 3);
         x -> it: conv(2 * x.channels, 3, groups = x.channels) -> flatten -> dense(10)",
    );
    assert_eq!((&graph.params[2].shape[..], graph.params[2].fan_in), (&[12, 1, 3, 3][..], 9));
}

#[test]
fn losses_by_name() {
    for (loss, kind) in [
        ("cross_entropy", LossKind::CrossEntropy { smoothing: 0.0, class_weights: None }),
        (
            "cross_entropy(label_smoothing = 0.1)",
            LossKind::CrossEntropy { smoothing: 0.1, class_weights: None },
        ),
        (
            "cross_entropy(class_weights = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5])",
            LossKind::CrossEntropy {
                smoothing: 0.0,
                class_weights: Some(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 0.5]),
            },
        ),
        ("mse", LossKind::MeanSquared),
        ("binary_cross_entropy", LossKind::BinaryCrossEntropy),
    ] {
        let graph = body(&format!(
            "let x = input -> flatten; x -> a: dense(10) -> output(weight = 0.5); x -> b: dense(10)
             train {{ loss = {loss} }}"
        ));
        let kinds: Vec<_> = graph.losses.iter().map(|loss| (loss.kind, loss.weight)).collect();
        assert_eq!(kinds, [(kind, 1.0), (kind, 0.5)]);
    }
}

#[test]
fn scores_stay_raw_where_the_loss_squashes_them() {
    for (loss, last, complaint) in [
        ("cross_entropy", "softmax", "softmax1: cross_entropy takes raw scores; remove softmax"),
        (
            "cross_entropy",
            "softmax -> dropout(0.1)",
            "softmax1: cross_entropy takes raw scores; remove softmax",
        ),
        (
            "binary_cross_entropy",
            "sigmoid",
            "sigmoid1: binary_cross_entropy takes raw scores; remove sigmoid",
        ),
    ] {
        let source = format!("input -> flatten -> dense(10) -> {last} train {{ loss = {loss} }}");
        assert_eq!(complaints(&source), [complaint]);
    }
    body("input -> flatten -> dense(10) -> softmax train { loss = mse }");
    body("input -> softmax -> flatten -> dense(10) -> sigmoid");
}
