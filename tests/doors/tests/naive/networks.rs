//! Networks that hold every layer between them, in shapes that fill no block of channels.

use cnn_runtime::network;

network! {
    /// Convolutions of all kinds, dense layers, joins, gates and an auxiliary output.
    pub Convolutions<[3, 12, 12] -> 5> {
        block excite(x) {
            mul(x, x -> global_avg_pool -> fc1: conv(4, 1) -> silu -> fc2: conv(x.channels, 1) -> sigmoid)
        }

        let x = input
            -> conv1: conv(18, 3, pad = same, bias = false) -> bn1: batch_norm -> relu
            -> conv2: conv(20, 3, pad = same) -> relu;
        x -> max_pool(4) -> flatten -> aux1: dense(12) -> tanh -> aux2: dense(5) -> output(weight = 0.3);
        let strided = x -> conv3: conv(12, (3, 5), stride = 2, pad = (1, 2), groups = 4) -> elu;
        let dilated = x
            -> conv4: conv(11, 3, stride = 2, dilation = 2, pad = 2, bias = false) -> bn4: batch_norm;
        let depthwise = x -> conv5: conv(20, 4, stride = 2, pad = 1, groups = 20) -> conv6: conv(12, 1);
        let x = concat(add(strided, depthwise), dilated, x -> avg_pool(2)) -> se: excite -> relu;
        x -> conv7: conv(9, 3) -> mul(strided -> crop(1) -> conv8: conv(9, 1))
            -> dropout(0.3) -> flatten -> fc1: dense(13, bias = false) -> relu -> fc2: dense(5)

        train { loss = cross_entropy(label_smoothing = 0.1, class_weights = [1, 2, 0.5, 1, 3]) }
    }
}

network! {
    /// Norms of all kinds.
    pub Norms<[2, 10, 9] -> 4> {
        let x = input
            -> conv1: conv(12, 3, bias = false) -> bn1: batch_norm(eps = 1e-3, momentum = 0.2) -> tanh;
        let fixed = x -> conv2: conv(10, 1) -> bn2: batch_norm(freeze = true) -> tanh;
        let groups = x -> conv3: conv(12, 1) -> gn: group_norm(3) -> tanh;
        let instance = x -> conv4: conv(10, 1, bias = false) -> instance_norm -> tanh;
        let affine = x -> conv5: conv(11, 1, bias = false) -> in: instance_norm(affine = true) -> tanh;
        let all = x -> conv6: conv(10, 1) -> ln1: layer_norm -> tanh;
        let channels = x -> conv7: conv(10, 1) -> ln2: layer_norm(over = channels) -> tanh;
        let plain = x -> conv8: conv(10, 1) -> layer_norm(affine = false);
        concat(fixed, groups, instance, affine, all, channels, plain)
            -> lrn(4, alpha = 0.1) -> conv9: conv(9, 3) -> lrn(alpha = 0.5, beta = 0.6, k = 1) -> flatten
            -> fc1: dense(20, bias = false) -> bn3: batch_norm -> sigmoid -> fc2: dense(4)
    }
}

network! {
    /// All activations.
    pub Activations<[1, 8, 8] -> 3> {
        let x = input -> conv1: conv(9, 3) -> silu -> conv2: conv(9, 1) -> hard_swish;
        let y = x -> conv3: conv(9, 1) -> gelu -> conv4: conv(9, 1) -> gelu(tanh = true) -> prelu;
        let z = x -> conv5: conv(9, 1) -> sigmoid -> conv6: conv(9, 1) -> hard_sigmoid
            -> prelu(per_channel = true, start = 0.1);
        let w = x -> conv7: conv(9, 1) -> softplus(beta = 2) -> conv8: conv(9, 1) -> elu(0.5)
            -> conv9: conv(9, 1) -> prelu(per_channel = true);
        add(x, y, z, w) -> flatten
            -> fc1: dense(30) -> relu6 -> fc2: dense(20) -> leaky_relu(0.2) -> fc3: dense(15) -> tanh
            -> fc4: dense(12) -> relu -> fc5: dense(3)
    }
}

network! {
    /// Activations of values so large that they level off.
    pub Levels<[1, 6, 6] -> 3> {
        let x = input -> conv1: conv(11, 1, init = he_normal);
        concat(
            x -> relu6,
            x -> hard_sigmoid,
            x -> hard_swish,
            x -> silu,
            x -> gelu,
            x -> gelu(tanh = true),
            x -> softplus(beta = 2),
            x -> elu,
            x -> sigmoid,
            x -> tanh
        ) -> flatten -> fc: dense(3)
    }
}

network! {
    /// Pooling, upsampling, padding, and steps across channels.
    pub Shapes<[2, 12, 11] -> 4> {
        let x = input -> conv1: conv(10, 3, pad = 1) -> zero_pad((1, 0, 2, 1)) -> crop((0, 1, 1, 0));
        let largest = x -> max_pool(3, stride = 2, pad = 1) -> conv2: conv(10, 1);
        let mean = x -> avg_pool(3, stride = 2, pad = 1, ceil = true) -> conv3: conv(20, 1) -> maxout(2);
        let inside = x
            -> avg_pool((2, 3), stride = 2, pad = 1, count_include_pad = false) -> conv4: conv(9, 1);
        let even = x -> adaptive_avg_pool(5, 4) -> conv5: conv(9, 1);
        let twice = even -> upsample(2) -> conv6: conv(9, 1) -> adaptive_avg_pool(6);
        let lines = inside -> upsample((3, 2), mode = bilinear) -> conv7: conv(6, 1) -> adaptive_avg_pool(6);
        let top = x -> conv8: conv(7, 1) -> global_max_pool;
        let joined = concat(largest -> adaptive_avg_pool(6), mean -> adaptive_avg_pool(6), twice, lines);
        mul(joined -> channel_dropout(0.2) -> conv9: conv(7, 1) -> softmax, top) -> dropout(0.3)
            -> flatten -> fc1: dense(4)
    }
}

network! {
    /// Layers whose parameters several places read.
    pub Reused<[2, 9, 9] -> 3> {
        block unit(x) {
            x -> conv: conv(10, 3, pad = 1) -> gn: group_norm(2) -> prelu: prelu(per_channel = true)
        }

        let a = input -> crop((0, 1, 0, 1)) -> unit: unit;
        let b = input -> crop((1, 0, 1, 0)) -> unit: unit(reuse = true);
        let x = concat(a -> max_pool(2), b -> avg_pool(2)) -> conv0: conv(10, 1);
        for turn in 0..3 {
            x = x -> turn: conv(10, 3, pad = 1, bias = false, reuse = turn > 0)
                -> bn: batch_norm(reuse = turn > 0) -> tanh;
        }
        x -> flatten -> fc1: dense(30) -> tanh -> fc2: dense(30) -> tanh -> fc2: dense(30, reuse = true)
            -> tanh -> fc3: dense(3)
    }
}

network! {
    /// A weight that other engines update as soon as its gradient is there.
    pub Wide<[2, 23, 23] -> 3> {
        input -> flatten -> fc1: dense(1000) -> tanh -> fc2: dense(3)
    }
}
