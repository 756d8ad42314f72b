//! The graph of inference that a description holds is the network: evaluated on its own, it yields
//! the network's scores.

mod onnx;
mod reference;

use std::collections::BTreeSet;

use cnn_runtime::{Device, Model, Network, Options, Session, network};

network! {
    Mnist<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> relu -> conv2: conv(12, 3) -> relu -> max_pool(2) -> dropout(0.25) -> flatten
            -> fc1: dense(20) -> relu -> dropout(0.5) -> fc2: dense(10) -> dropout(0.1)
    }
}

network! {
    LeNet5<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(6, 5, pad = 2) -> tanh -> avg_pool(2)
            -> conv2: conv(16, 5) -> tanh -> avg_pool(2)
            -> flatten -> fc1: dense(120) -> tanh -> fc2: dense(84) -> tanh -> fc3: dense(10)
    }
}

network! {
    /// Every kind of window, and joins behind batch norm; the head beside the main one is of
    /// training only.
    Windows<[3, 17, 14] -> 5> {
        block basic(x, channels, kernel, stride = 1, pad = 0) {
            x -> conv: conv(channels, kernel, stride = stride, pad = pad, bias = false) -> bn: batch_norm(eps = 1e-3)
        }

        let x = input -> stem: conv(8, 3, stride = 2, pad = same) -> relu;
        x -> adaptive_avg_pool(3, 2) -> flatten -> aux: dense(5) -> output(weight = 0.3);
        let x = concat(
            x -> grouped: conv(6, 3, pad = 2, dilation = 2, groups = 2) -> max_pool(2, ceil = true),
            x -> avg_pool(3, stride = 2, pad = 1, count_include_pad = false),
            x -> depthwise: conv(8, (3, 1), pad = (1, 0), groups = 8)
                -> avg_pool((3, 2), stride = 2, pad = (1, 0), ceil = true),
        );
        add(x, x -> projection: basic(22, 1) -> channel_dropout(0.2))
            -> adaptive_avg_pool((2, 3)) -> flatten -> fc: dense(5, bias = false)
    }
}

network! {
    /// Every other operation.
    Units<[3, 9, 8] -> 4> {
        let x = input -> zero_pad((1, 2)) -> conv1: conv(12, 3) -> leaky_relu(0.2) -> lrn(5, alpha = 0.5);
        let gate = x -> global_avg_pool -> flatten -> squeeze: dense(4) -> elu(0.7) -> excite: dense(12) -> sigmoid;
        let x = mul(x, gate);
        add(x, x -> attend: conv(12, 1) -> softmax, x -> lrn(4, alpha = 0.8, beta = 0.5, k = 1.0)) -> crop((1, 2))
            -> conv2: conv(10, 3) -> maxout(2) -> global_max_pool -> flatten -> fc: dense(8) -> maxout(2) -> tanh
    }
}

network! {
    /// Activations that are curved, bounded or trained, products, and maps that grow.
    Curves<[3, 6, 5] -> 4> {
        let x = input -> conv1: conv(8, 3) -> relu6;
        mul(x -> conv2: conv(8, 1) -> silu, x -> conv3: conv(8, 1) -> hard_sigmoid)
            -> upsample((2, 3), mode = bilinear) -> conv4: conv(9, 3) -> prelu(per_channel = true) -> gelu
            -> upsample(2) -> conv5: conv(8, 2) -> gelu(tanh = true) -> hard_swish -> prelu -> softplus(beta = 2)
            -> flatten -> fc: dense(4)
    }
}

network! {
    /// Norms of each sample.
    Norms<[3, 6, 5] -> 4> {
        input
            -> conv1: conv(12, 3) -> group_norm(4) -> tanh -> conv2: conv(9, 1) -> instance_norm -> tanh
            -> conv3: conv(10, 1) -> layer_norm(over = channels) -> tanh -> conv4: conv(6, 2) -> layer_norm -> tanh
            -> flatten -> fc1: dense(11) -> layer_norm -> tanh -> fc2: dense(4)
    }
}

/// A session whose vectors, running variances included, lie around 1.
fn session<N: Network>(device: &Device) -> Session {
    let model = Model::of::<N>();
    let params = model.description().params;
    let mut session = Session::new(model, device, &Options::infer(3).seed(5)).unwrap();
    for (index, param) in params.iter().enumerate().filter(|(_, param)| param.shape.len() == 1) {
        let values = cnn_tests::noise(index as u64, param.shape[0]);
        let values: Vec<f32> = values.iter().map(|value| 1.0 + 0.5 * value).collect();
        session.set_parameter(index, &values).unwrap();
    }
    session
}

fn yields_the_scores<N: Network>() {
    let description = Model::of::<N>().description();
    let images = cnn_tests::noise(7, 3 * description.image_shape().iter().product::<usize>());
    for device in cnn_tests::devices() {
        let mut session = session::<N>(&device);
        let count = description.params.len();
        let params: Vec<Vec<f32>> = (0..count).map(|index| session.parameter(index).unwrap()).collect();
        let mut found = vec![0.0; 3 * description.output_len()];
        session.infer(&images, &mut found).unwrap();
        let images = images.chunks(images.len() / 3);
        let scores = images.flat_map(|image| reference::scores(description, &params, image));
        let expected: Vec<f32> = scores.map(|score| score as f32).collect();
        let distance = cnn_tests::relative_distance(&found, &expected);
        assert!(distance < 1e-4, "{}: {distance:.2e} on {}", description.name, device.describe());
    }
}

#[test]
fn the_table_yields_the_scores() {
    yields_the_scores::<Mnist>();
    yields_the_scores::<LeNet5>();
    yields_the_scores::<Windows>();
    yields_the_scores::<Units>();
    yields_the_scores::<Curves>();
    yields_the_scores::<Norms>();
}

/// Parameters that no node of the table reads.
fn unread<N: Network>() -> Vec<&'static str> {
    let description = Model::of::<N>().description();
    let read: BTreeSet<usize> = description.graph.iter().flat_map(|node| node.params).copied().collect();
    let params = description.params.iter().enumerate();
    params.filter(|(index, _)| !read.contains(index)).map(|(_, param)| param.name).collect()
}

#[test]
fn only_heads_of_training_are_left_out() {
    assert!(unread::<Mnist>().is_empty() && unread::<Units>().is_empty());
    assert_eq!(unread::<Windows>(), ["aux.weight", "aux.bias"]);
}

#[test]
fn the_networks_above_have_every_operation() {
    let graphs = [
        Model::of::<Mnist>().description().graph,
        Model::of::<Windows>().description().graph,
        Model::of::<Units>().description().graph,
        Model::of::<Curves>().description().graph,
        Model::of::<Norms>().description().graph,
    ];
    let found: BTreeSet<&str> = graphs.iter().copied().flatten().map(|node| node.op.name()).collect();
    let expected = [
        "adaptive_avg_pool",
        "add",
        "avg_pool",
        "batch_norm",
        "concat",
        "conv",
        "dense",
        "elu",
        "flatten",
        "gate",
        "gelu",
        "gelu_tanh",
        "group_norm",
        "hard_sigmoid",
        "hard_swish",
        "input",
        "layer_norm",
        "leaky_relu",
        "lrn",
        "max_pool",
        "maxout",
        "mul",
        "pad",
        "prelu",
        "relu",
        "relu6",
        "sigmoid",
        "silu",
        "softmax",
        "softplus",
        "tanh",
        "upsample",
    ];
    assert!(found.iter().copied().eq(expected), "{found:?}");
}

#[test]
fn nodes_stand_behind_what_they_read() {
    for graph in [Model::of::<Windows>().description().graph, Model::of::<Units>().description().graph] {
        for (index, node) in graph.iter().enumerate() {
            assert!(node.inputs.iter().all(|&input| input < index), "{}", node.layer);
        }
    }
}
