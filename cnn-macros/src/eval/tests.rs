//! From source text to graph.

use crate::{diag::Errors, eval, ir, parse};

/// Compiles the text between the braces of `network! { … }`.
fn compile(source: &str) -> Result<ir::Network, Errors> {
    parse::parse(source.parse().expect("tokens")).and_then(|ast| eval::network(&ast))
}

fn graph(source: &str) -> ir::Graph {
    compile(source).unwrap_or_else(|errors| panic!("{:#?}", errors.messages())).graph
}

fn params(graph: &ir::Graph) -> usize {
    graph.params.iter().map(|param| param.shape.iter().product::<usize>()).sum()
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
    let graph = graph(MNIST);
    assert_eq!(params(&graph), 1_199_882);
    assert_eq!(graph.params[4].shape, [128, 9216]);
}

#[test]
fn lenet5() {
    let graph = graph(LENET5);
    assert_eq!(params(&graph), 61_706);
}
