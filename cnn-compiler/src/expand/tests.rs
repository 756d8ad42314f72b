//! From source text to graph, and to errors.

mod foreign;
mod guide;
mod hostile;
mod layers;
mod sources;
mod tables;
mod windows;
mod zoo;

use cnn_plan::{
    Init,
    optim::{Adadelta, Optimizer},
};

use crate::{
    diag::Errors,
    expand,
    ir::{self, Op},
    parse,
    shape::names,
};

/// Compiles the text between the braces of `network! { … }`.
fn compile(source: &str) -> Result<ir::Network, Errors> {
    parse::parse(source.parse().expect("tokens")).and_then(|ast| expand::network(&ast))
}

fn network(source: &str) -> ir::Network {
    compile(source).unwrap_or_else(|errors| panic!("{:#?}", errors.messages()))
}

fn graph(source: &str) -> ir::Graph {
    network(source).graph
}

/// The graph of a network over MNIST images with this body.
fn body(body: &str) -> ir::Graph {
    graph(&format!("Net<[1, 28, 28] -> 10> {{ {body} }}"))
}

/// What is wrong with a network over MNIST images with this body, first lines only.
fn complaints(body: &str) -> Vec<String> {
    let source = format!("Net<[1, 28, 28] -> 10> {{ {body} }}");
    let errors = compile(&source).expect_err(body);
    errors.messages().iter().map(|message| message.lines().next().unwrap_or_default().to_string()).collect()
}

fn params(graph: &ir::Graph) -> usize {
    let params = graph.params.iter().filter(|param| !param.buffer);
    params.map(|param| param.shape.iter().product::<usize>()).sum()
}

fn layer_names(graph: &ir::Graph) -> Vec<&str> {
    graph.layers.iter().map(|layer| layer.name.as_str()).collect()
}

fn param_names(graph: &ir::Graph) -> Vec<&str> {
    graph.params.iter().map(|param| param.name.as_str()).collect()
}

const MNIST: &str = "
    /// The Keras MNIST convnet.
    pub MnistCnn<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(32, 3) -> relu
            -> conv2: conv(64, 3) -> relu
            -> max_pool(2) -> dropout(0.25)
            -> flatten
            -> fc1: dense(128) -> relu -> dropout(0.5)
            -> fc2: dense(10)

        train { loss = cross_entropy, optimizer = adadelta(lr = 1.0), batch = 128, epochs = 12 }
        budget { params <= 1.2M, activations <= 1 MiB }
    }";

const LENET5: &str = "
    pub LeNet5<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(6, 5, pad = 2) -> tanh -> avg_pool(2)
            -> conv2: conv(16, 5) -> tanh -> avg_pool(2)
            -> flatten
            -> fc1: dense(120) -> tanh -> fc2: dense(84) -> tanh -> fc3: dense(10)
    }";

#[test]
fn mnist() {
    let network = network(MNIST);
    let graph = &network.graph;
    assert_eq!(params(graph), 1_199_882);
    assert_eq!(graph.params[4].shape, [128, 9216]);
    assert_eq!(
        layer_names(graph),
        [
            "input",
            "conv1",
            "relu1",
            "conv2",
            "relu2",
            "max_pool1",
            "dropout1",
            "flatten1",
            "fc1",
            "relu3",
            "dropout2",
            "fc2"
        ]
    );
    assert_eq!(param_names(graph)[..3], ["conv1.weight", "conv1.bias", "conv2.weight"]);
    assert_eq!((network.training.batch, network.training.epochs), (128, 12));
    let optimizer = Optimizer::Adadelta(Adadelta { lr: 1.0, ..Adadelta::DEFAULT });
    assert_eq!(network.training.update.optimizer, optimizer);
    assert_eq!(network.visibility.to_string(), "pub");
    assert!(network.attributes.to_string().contains("Keras"));
}

#[test]
fn lenet5() {
    let graph = graph(LENET5);
    assert_eq!(params(&graph), 61_706);
    assert_eq!(graph.losses.len(), 1);
    assert_eq!(graph[graph.losses[0].logits].shape, [10]);
}

#[test]
fn inits_and_fans_are_those_of_keras() {
    let graph = body(
        "input -> a: conv(8, 3) -> b: conv(8, 5, groups = 2, init = he_normal, freeze = true) -> flatten
               -> c: dense(10, init = torch)",
    );
    let [a, _, b, b_bias, c, c_bias] = &graph.params[..] else { panic!() };
    assert_eq!((a.init, a.fan_in, a.fan_out, a.trainable), (Init::GlorotUniform, 9, 72, true));
    assert_eq!((b.init, b.fan_in, b.fan_out, b.trainable), (Init::HeNormal, 100, 200, false));
    assert_eq!(b.shape, [8, 4, 5, 5]);
    assert_eq!((b_bias.init, b_bias.trainable), (Init::Constant(0.0), false));
    assert_eq!((c.init, c.fan_in, c.fan_out), (Init::Torch, 8 * 22 * 22, 10));
    assert_eq!((c_bias.init, c_bias.fan_in), (Init::Torch, 8 * 22 * 22));
}

#[test]
fn the_train_section_sets_the_default_init() {
    let graph = body("input -> flatten -> dense(10) train { init = torch }");
    assert!(graph.params.iter().all(|param| param.init == Init::Torch));
}

#[test]
fn an_auxiliary_output_is_a_second_loss() {
    let graph = body(
        "let x = input -> conv(8, 3) -> relu;
         x -> max_pool(4) -> flatten -> aux: dense(10) -> output(weight = 0.3);
         x -> flatten -> fc: dense(10)",
    );
    let losses: Vec<_> =
        graph.losses.iter().map(|loss| (&*graph.layers[loss.layer.0].name, loss.weight)).collect();
    assert_eq!(losses, [("fc", 1.0), ("aux", 0.3)]);
}

#[test]
fn inputs_precede_the_nodes_that_use_them() {
    let graph = graph(sources::EVERYTHING);
    for (index, node) in graph.nodes.iter().enumerate() {
        assert!(node.inputs.iter().all(|input| input.0 < index));
    }
}

#[test]
fn joins_keep_the_order_of_their_arguments() {
    let graph = body(
        "let a = input -> a: conv(3, 3); let b = input -> b: conv(5, 3); let c = concat(b, a);
         c -> add(c -> relu) -> flatten -> dense(10)",
    );
    let concat = graph.nodes.iter().find(|node| node.op == Op::Concat).expect("concat");
    let inputs: Vec<_> = concat.inputs.iter().map(|&input| graph[input].shape[0]).collect();
    assert_eq!((inputs, &concat.shape[..]), (vec![5, 3], &[8, 26, 26][..]));
}

#[test]
fn dots_between_numbers_are_not_floats() {
    let graph = body(
        "for i in 0..2 { let _unused = i; }
         input -> features.0.1: conv(8, 3) -> b.{1 + 1}.0: relu -> 1.{3}x: relu -> flatten -> 0: dense(10)",
    );
    assert_eq!(layer_names(&graph)[1..], ["features.0.1", "b.2.0", "1.3x", "flatten1", "0"]);
}

#[test]
fn every_layer_can_be_built() {
    for layer in names() {
        let call = match layer {
            "conv" | "max_pool" | "avg_pool" => format!("a -> {layer}(2, 2) -> flatten"),
            "dense" => "a -> flatten -> dense(3)".to_string(),
            "dropout" | "channel_dropout" => format!("a -> {layer}(0.5) -> flatten"),
            "adaptive_avg_pool" | "maxout" | "zero_pad" | "crop" | "group_norm" | "upsample" => {
                format!("a -> {layer}(2) -> flatten")
            }
            "add" | "concat" => format!("{layer}(a, a) -> flatten"),
            "mul" => "mul(a, a -> global_avg_pool) -> flatten".into(),
            _ => format!("a -> {layer} -> flatten"),
        };
        body(&format!("let a = input -> first: conv(4, 3); {call} -> last: dense(10)"));
    }
}

#[test]
fn arithmetic_is_rusts() {
    for (expression, value) in [
        ("7 / 2", 3),
        ("7 % 4 * 2", 6),
        ("1 + 2 * 3 - 4", 3),
        ("-(2 - 5)", 3),
        ("if 1 < 2 && !(3 >= 4) { 5 } else { 6 }", 5),
        ("if false || 1.5 == 1.5 { let a = 2; a * a } else { 0 }", 4),
        ("{ let (a, (b, _)) = (1, (2, 3)); a + b }", 3),
        ("if \"a\" == \"b\" { 1 } else if 2 != 2 { 2 } else { 3 }", 3),
    ] {
        let graph = body(&format!("input -> flatten -> a: dense({expression}) -> b: dense(10)"));
        assert_eq!(graph.params[0].shape[0], value, "{expression}");
    }
}

#[test]
fn loops_run_over_ranges_and_lists() {
    let graph = body(
        "let n = 0;
         for i in 1..4 { n = n + i; }
         for i in 1..=4 { n = n + i; }
         for (i, flag) in [(100, true), (1000, false)] { if flag { n = n + i; } }
         input -> flatten -> a: dense(n) -> b: dense(10)",
    );
    assert_eq!(graph.params[0].shape[0], 116);
}

#[test]
fn independent_mistakes_are_reported_together() {
    let found = complaints(
        "let x = input -> conv1: conv(8, 31) -> relu -> conv2: conv(8, 3, strid = 2);
         let y = input -> cnov(3, 3) -> dropout(7);
         add(x, y) -> flatten -> dense(10)",
    );
    assert_eq!(
        found,
        [
            "conv1: kernel 31x31 does not fit input 28x28 (padding 0)",
            "conv2: unknown argument `strid`; did you mean `stride`?",
            "unknown layer or block `cnov`; did you mean `conv`?",
            "dropout1: rate must be at least 0 and below 1, found 7",
        ]
    );
}

#[test]
fn an_unknown_shape_is_silent() {
    let found = complaints(
        "let x = input -> conv1: conv(8, 31);
         let n = 0;
         for i in 0..x.channels { n = n + i; }
         let y = if x.height > 3 { x -> relu } else { x };
         add(x, y) -> conv(n / 2, 3) -> dense(x.width) -> conv(8, 3)",
    );
    assert_eq!(found, ["conv1: kernel 31x31 does not fit input 28x28 (padding 0)"]);
}

#[test]
fn an_error_inside_a_block_names_the_call_once() {
    let source = "Net<[1, 28, 28] -> 10> {
        block stage(x, size) { x -> c: conv(4, size) }
        block twice(x, size) { x -> a: stage(size) -> b: stage(size) }
        input -> s1: twice(3) -> s2: twice(25) -> flatten -> fc: dense(10)
    }";
    let errors = compile(source).expect_err("25 rows do not fit");
    assert_eq!(
        errors.messages(),
        ["s2.a.c: kernel 25x25 does not fit input 24x24 (padding 0)\n\
          shapes: input 1x28x28 -> s1.a.c 4x26x26 -> s1.b.c 4x24x24\n\
          help: pad = 1 or kernel = 24\n\
          in s2.a: stage(x = 4x24x24, size = 25)\n\
          in s2: twice(x = 4x24x24, size = 25)"]
    );
}

#[test]
fn the_language_is_documented() {
    let text = include_str!("../../../cnn-runtime/src/language.md");
    let stages = super::data::names();
    let settings = super::train::names();
    for word in names().chain(stages).chain(settings) {
        let is_there =
            text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|found| found == word);
        assert!(is_there, "language.md does not mention {word}");
    }
}
