//! Whole networks against PyTorch in float64, on every device; `goldens/torch_networks.py` says the
//! same in PyTorch.

mod golden;

use cnn_runtime::network;
use golden::equals_torch;

network! {
    /// The Keras convnet in small.
    SmallMnist<[1, 12, 12] -> 10> {
        input -> conv1: conv(8, 3) -> relu -> conv2: conv(12, 3) -> relu -> max_pool(2) -> dropout(0.25) -> flatten
            -> fc1: dense(20) -> relu -> dropout(0.5) -> fc2: dense(10)
    }
}

#[test]
fn small_mnist() {
    equals_torch::<SmallMnist>("small_mnist");
}

network! {
    LeNet5<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(6, 5, pad = 2) -> tanh -> avg_pool(2)
            -> conv2: conv(16, 5) -> tanh -> avg_pool(2)
            -> flatten -> fc1: dense(120) -> tanh -> fc2: dense(84) -> tanh -> fc3: dense(10)
    }
}

#[test]
fn lenet5() {
    equals_torch::<LeNet5>("lenet5");
}

network! {
    /// Two branches concatenated at channels that are no multiple of a block, beside a residual
    /// sum.
    Joins<[3, 15, 12] -> 7> {
        let x = input -> stem: conv(8, 3, stride = 2, pad = 1) -> tanh;
        let left = x -> left: conv(8, 1) -> sigmoid;
        let right = x -> right: conv(5, 3, pad = 1, bias = false) -> leaky_relu(0.1);
        let merged = concat(left, right) -> merge: conv(8, 3, pad = 2, dilation = 2);
        add(merged, x) -> elu -> avg_pool(3, stride = 2, pad = 1, count_include_pad = false) -> flatten -> fc: dense(7)
    }
}

#[test]
fn joins() {
    equals_torch::<Joins>("joins");
}

network! {
    /// ResNet's basic block with and without a projection.
    Residual<[3, 12, 10] -> 5> {
        block basic(x, planes, stride = 1) {
            let y = x
                -> conv1: conv(planes, 3, stride = stride, pad = 1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(planes, 3, pad = 1, bias = false) -> bn2: batch_norm;
            let shortcut = if stride != 1 || x.channels != planes {
                x -> downsample.0: conv(planes, 1, stride = stride, bias = false) -> downsample.1: batch_norm
            } else {
                x
            };
            add(y, shortcut) -> relu
        }

        input -> conv1: conv(8, 3, stride = 2, pad = 1, bias = false) -> bn1: batch_norm -> relu
            -> max_pool(3, stride = 2, pad = 1)
            -> layer1.0: basic(8) -> layer2.0: basic(12, stride = 2)
            -> global_avg_pool -> flatten -> fc: dense(5)
    }
}

#[test]
fn residual_blocks() {
    equals_torch::<Residual>("residual");
}

network! {
    /// An inception module after a pool in ceil mode, with an auxiliary head.
    Inception<[3, 17, 15] -> 6> {
        block basic(x, channels, kernel, stride = 1, pad = 0) {
            x -> conv: conv(channels, kernel, stride = stride, pad = pad, bias = false)
              -> bn: batch_norm(eps = 1e-3) -> relu
        }

        block inception(x) {
            concat(
                x -> branch1: basic(8, 1),
                x -> branch2.0: basic(4, 1) -> branch2.1: basic(10, 3, pad = 1),
                x -> branch3.0: basic(4, 1) -> branch3.1: basic(5, 3, pad = 1),
                x -> max_pool(3, stride = 1, pad = 1) -> branch4.1: basic(6, 1)
            )
        }

        let x = input -> conv1: basic(8, 3, stride = 2, pad = 1) -> max_pool(3, stride = 2, ceil = true)
            -> inception: inception;
        x -> adaptive_avg_pool(3, 2) -> flatten -> aux: dense(6) -> output(weight = 0.3);
        x -> global_avg_pool -> flatten -> fc: dense(6)
    }
}

#[test]
fn an_inception_module_with_an_auxiliary_head() {
    equals_torch::<Inception>("inception");
}

network! {
    /// DenseNet's block and transition, at channels that are no multiple of a block.
    DenseBlock<[3, 10, 10] -> 5> {
        block layer(x) {
            x -> norm1: batch_norm -> relu -> conv1: conv(12, 1, bias = false)
              -> norm2: batch_norm -> relu -> conv2: conv(6, 3, pad = 1, bias = false)
        }

        let x = input -> conv0: conv(10, 3, pad = 1, bias = false) -> norm0: batch_norm -> relu -> max_pool(2);
        for i in 1..=3 {
            x = concat(x, x -> block.denselayer{i}: layer);
        }
        x -> transition.norm: batch_norm -> relu -> transition.conv: conv(x.channels / 2, 1, bias = false)
            -> avg_pool(2)
            -> norm5: batch_norm(eps = 1e-2, momentum = 0.3) -> relu -> global_avg_pool -> flatten -> fc: dense(5)
    }
}

#[test]
fn a_dense_block() {
    equals_torch::<DenseBlock>("dense_block");
}

network! {
    /// Response normalisation over odd and even windows, grouped and depthwise convolutions, a
    /// kernel of two sizes.
    Responses<[4, 9, 9] -> 5> {
        input
            -> conv1: conv(12, 3) -> relu -> lrn(5, alpha = 0.5, beta = 0.75, k = 2.0) -> max_pool(3, stride = 2)
            -> conv2: conv(16, 3, pad = 1, groups = 2) -> relu -> lrn(4, alpha = 0.8, beta = 0.75, k = 1.0)
            -> conv3: conv(16, 3, pad = 1, groups = 16) -> tanh
            -> conv4: conv(8, (3, 1), stride = (1, 2), pad = (1, 0)) -> relu -> flatten -> fc: dense(5)
    }
}

#[test]
fn response_normalisation_and_groups() {
    equals_torch::<Responses>("responses");
}

network! {
    /// Every activation function; maxout of maps, across blocks of channels, and of a dense layer.
    Units<[3, 8, 8] -> 4> {
        input
            -> conv1: conv(8, 3, pad = 1) -> sigmoid
            -> conv2: conv(8, 3, pad = 1) -> leaky_relu(0.2)
            -> conv3: conv(8, 3, pad = 1) -> elu(0.7)
            -> conv4: conv(22, 3, pad = 1) -> maxout(2)
            -> avg_pool(3, stride = 2, pad = 1, count_include_pad = false)
            -> conv5: conv(8, 3, pad = 1) -> tanh -> flatten
            -> fc1: dense(9) -> maxout(3) -> fc2: dense(4)
    }
}

#[test]
fn activation_functions() {
    equals_torch::<Units>("units");
}

network! {
    /// A gate for each channel (squeeze and excitation), softmax over channels, padding and
    /// cropping.
    Gated<[3, 9, 8] -> 4> {
        let x = input -> zero_pad((1, 2)) -> conv1: conv(12, 3) -> relu;
        let gate = x -> global_avg_pool -> flatten -> squeeze: dense(4) -> relu -> excite: dense(12) -> sigmoid;
        let x = mul(x, gate);
        add(x, x -> attend: conv(12, 1) -> softmax) -> crop((1, 2))
            -> conv2: conv(8, 3) -> global_max_pool -> flatten -> fc: dense(4)
    }
}

#[test]
fn gates_softmax_and_frames() {
    equals_torch::<Gated>("gated");
}

network! {
    Curves<[3, 8, 7] -> 6> {
        let x = input -> conv1: conv(8, 3) -> relu6;
        mul(x -> left: conv(12, 1) -> silu, x -> right: conv(12, 3, pad = 1) -> hard_sigmoid)
            -> upsample((2, 3), mode = bilinear)
            -> conv2: conv(9, 3, pad = 1) -> prelu1: prelu(per_channel = true) -> gelu -> avg_pool(2)
            -> conv3: conv(8, 3, pad = 1) -> gelu(tanh = true)
            -> conv4: conv(10, 1) -> hard_swish -> upsample(2)
            -> conv5: conv(8, 3) -> prelu2: prelu -> softplus(beta = 1.5)
            -> global_avg_pool -> flatten -> fc: dense(6)
    }
}

network! {
    Norms<[3, 8, 7] -> 4> {
        input
            -> conv1: conv(12, 3) -> gn: group_norm(4, eps = 1e-3) -> tanh
            -> conv2: conv(9, 3, pad = 1, bias = false) -> instance_norm -> silu
            -> conv3: conv(10, 3) -> ln1: layer_norm(over = channels, eps = 1e-6) -> gelu
            -> conv4: conv(6, 1) -> ln2: layer_norm -> sigmoid
            -> conv5: conv(5, 2, bias = false) -> in: instance_norm(affine = true) -> flatten
            -> fc1: dense(11) -> ln3: layer_norm -> tanh -> fc2: dense(4)
    }
}

#[test]
fn norms() {
    equals_torch::<Norms>("norms");
}

#[test]
fn curves() {
    equals_torch::<Curves>("curves");
}

network! {
    /// Two pictures, one above the other, through one trunk, and a convolution that is applied three
    /// times.
    Siamese<[1, 20, 11] -> 3> {
        block trunk(x) {
            let x = x -> conv1: conv(12, 3, pad = 1, bias = false) -> bn1: batch_norm -> silu
                -> conv2: conv(9, 3, pad = 1, groups = 3, bias = false) -> gn1: group_norm(3) -> tanh -> avg_pool(2);
            (x, x -> flatten -> embed: dense(6))
        }

        let (above, a) = input -> crop((0, 10, 0, 0)) -> trunk: trunk;
        let (below, b) = input -> crop((10, 0, 0, 0)) -> trunk: trunk(reuse = true);
        let x = mul(above, below);
        for turn in 0..3 {
            x = x -> turn: conv(9, 3, pad = 1, reuse = turn > 0) -> tanh;
        }
        concat(add(a, b), x -> flatten) -> fc: dense(3)
    }
}

#[test]
fn layers_that_are_applied_again() {
    equals_torch::<Siamese>("siamese");
}

network! {
    Smoothed<[1, 6, 6] -> 4> {
        input -> conv: conv(5, 3) -> tanh -> flatten -> fc: dense(4)
        train { loss = cross_entropy(label_smoothing = 0.1) }
    }
}

network! {
    Weighted<[1, 6, 6] -> 4> {
        input -> conv: conv(5, 3) -> tanh -> flatten -> fc: dense(4)
        train { loss = cross_entropy(label_smoothing = 0.2, class_weights = [1, 0.25, 3, 0.5]) }
    }
}

network! {
    Squared<[1, 6, 6] -> 4> {
        input -> conv: conv(5, 3) -> tanh -> flatten -> fc: dense(4)
        train { loss = mse }
    }
}

network! {
    Binary<[1, 6, 6] -> 4> {
        input -> conv: conv(5, 3) -> tanh -> flatten -> fc: dense(4)
        train { loss = binary_cross_entropy }
    }
}

#[test]
fn losses() {
    equals_torch::<Smoothed>("smoothed");
    equals_torch::<Weighted>("weighted");
    equals_torch::<Squared>("squared");
    equals_torch::<Binary>("binary");
}
