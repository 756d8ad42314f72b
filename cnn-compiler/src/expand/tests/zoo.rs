//! Networks of the literature: parameters and names are torchvision's.

use super::{graph, param_names, params, sources::RESNET18};
use crate::ir::Op;

#[test]
fn resnet18() {
    let graph = graph(RESNET18);
    assert_eq!(params(&graph), 11_689_512);
    let names = param_names(&graph);
    assert_eq!(names[..3], ["conv1.weight", "bn1.weight", "bn1.bias"]);
    assert!(names.contains(&"layer2.0.downsample.0.weight"));
    assert!(names.contains(&"layer4.1.bn2.running_var"));
    assert!(!names.contains(&"layer1.0.downsample.0.weight"));
    assert_eq!(names.last(), Some(&"fc.bias"));
}

#[test]
fn a_dense_block_grows_by_each_of_its_layers() {
    let graph = graph(
        "Dense<[64, 56, 56] -> 10> {
            block layer(x, growth = 32) {
                x -> norm1: batch_norm -> relu -> conv1: conv(4 * growth, 1, bias = false)
                  -> norm2: batch_norm -> relu -> conv2: conv(growth, 3, pad = 1, bias = false)
            }
            block transition(x) { x -> norm: batch_norm -> relu -> conv: conv(x.channels / 2, 1, bias = false) -> avg_pool(2) }

            let x = input;
            for j in 1..=6 { x = concat(x, x -> features.denseblock1.denselayer{j}: layer); }
            x -> features.transition1: transition -> global_avg_pool -> flatten -> classifier: dense(10)
        }",
    );
    let widths: Vec<_> =
        graph.nodes.iter().filter(|node| node.op == Op::Concat).map(|node| node.shape[0]).collect();
    assert_eq!(widths, [96, 128, 160, 192, 224, 256]);
    // Torch counts 335,040 in the block, 33,280 in the transition.
    assert_eq!(params(&graph), 335_040 + 33_280 + 1_290);
    assert!(param_names(&graph).contains(&"features.denseblock1.denselayer6.conv2.weight"));
}

#[test]
fn inception_modules_with_an_auxiliary_head() {
    let graph = graph(
        "Inception<[192, 28, 28] -> 1000> {
            block basic(x, channels, kernel, pad = 0) {
                x -> conv: conv(channels, kernel, pad = pad, bias = false) -> bn: batch_norm(eps = 1e-3) -> relu
            }
            block inception(x, one, reduced3, three, reduced5, five, pooled) {
                concat(
                    x -> branch1: basic(one, 1),
                    x -> branch2.0: basic(reduced3, 1) -> branch2.1: basic(three, 3, pad = 1),
                    x -> branch3.0: basic(reduced5, 1) -> branch3.1: basic(five, 3, pad = 1),
                    x -> max_pool(3, stride = 1, pad = 1, ceil = true) -> branch4.1: basic(pooled, 1)
                )
            }
            let x = input -> inception3a: inception(64, 96, 128, 16, 32, 32);
            x -> adaptive_avg_pool(4) -> aux1.conv: basic(128, 1) -> flatten
              -> aux1.fc1: dense(1024) -> relu -> dropout(0.7) -> aux1.fc2: dense(1000) -> output(weight = 0.3);
            x -> inception3b: inception(128, 128, 192, 32, 96, 64) -> global_avg_pool -> flatten -> fc: dense(1000)
        }",
    );
    let modules = 155_872 + 340_224;
    let aux = 256 * 128 + 2 * 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000;
    assert_eq!(params(&graph), modules + aux + 480 * 1000 + 1000);
    let names = param_names(&graph);
    assert!(names.contains(&"inception3b.branch2.1.conv.weight"));
    assert!(names.contains(&"aux1.conv.bn.running_mean"));
    assert_eq!(graph.losses.iter().map(|loss| loss.weight).collect::<Vec<_>>(), [1.0, 0.3]);
}
