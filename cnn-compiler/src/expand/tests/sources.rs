//! Sources that several tests share.

/// As torchvision names and counts it.
pub(super) const RESNET18: &str = "pub ResNet18<[3, 224, 224] -> 1000> {
        block basic(x, planes, stride) {
            let y = x -> conv1: conv(planes, 3, stride = stride, pad = 1, bias = false) -> bn1: batch_norm -> relu
                      -> conv2: conv(planes, 3, pad = 1, bias = false)                  -> bn2: batch_norm;
            let shortcut = if stride != 1 || x.channels != planes {
                x -> downsample.0: conv(planes, 1, stride = stride, bias = false) -> downsample.1: batch_norm
            } else { x };
            add(y, shortcut) -> relu
        }

        let x = input -> conv1: conv(64, 7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu
                      -> max_pool(3, stride = 2, pad = 1);
        for (i, planes, stride) in [(1, 64, 1), (2, 128, 2), (3, 256, 2), (4, 512, 2)] {
            x = x -> layer{i}.0: basic(planes, stride) -> layer{i}.1: basic(planes, 1);
        }
        x -> global_avg_pool -> flatten -> fc: dense(1000)
    }";

/// Every layer, every construct of the language, every section.
pub(super) const EVERYTHING: &str = r#"/// All of it.
    pub(crate) Everything<[3, 32, 32] -> 10> {
        block unit(x, planes, stride = 1, kernel = 2 * stride + 1) {
            let y = x -> conv1: conv(planes, kernel, stride = stride, pad = same, bias = false, init = he_normal)
                      -> bn1: batch_norm(eps = 1e-3, momentum = 0.01) -> leaky_relu(0.1);
            let gate = y -> global_avg_pool -> flatten
                -> se.down: dense(planes / 4, bias_init = 1) -> elu -> se.up: dense(planes) -> sigmoid;
            let shortcut = if stride != 1 || !(x.channels == planes) {
                x -> downsample.0: conv(planes, 1, stride = stride, pad = valid, freeze = true)
            } else if x.height % 2 == 1 { x -> tanh } else { x };
            add(mul(y, gate), shortcut) -> relu
        }

        block pair(x, planes) { x -> a.1.0: unit(planes) -> b.{1 + 1}: unit(planes, stride = 2) }

        let x = input -> zero_pad((1, 2)) -> crop((0, 2, 1, 3)) -> stem: conv(8, (3, 5), pad = (1, 1, 2, 2), lr = 0.5)
            -> lrn(size = 5, alpha = 1e-4, beta = 0.75, k = 2.0);
        for (i, (planes, drop)) in [(1, (8, 0.1)), (2, (16, 0.0))] {
            x = x -> layer{i}: pair(planes) -> channel_dropout(drop);
        }
        for words in [["left", "right"]] {
            for word in words { x = concat(x, x -> {word}: conv(4, 3, pad = 1, dilation = 1, decay = false)); }
        }
        let x = x -> depthwise: conv(x.channels, 3, pad = 1, groups = x.channels) -> maxout(2) -> softmax;
        x -> global_max_pool -> flatten -> aux: dense(10) -> output(weight = 0.3);
        let (a, (b, _)) = (x -> avg_pool(3, stride = 2, pad = 1, ceil = true, count_include_pad = false),
                            (x -> max_pool(3, stride = 2, ceil = true), "unused"));
        let n = -(-10) * 2 / 2;
        concat(a -> adaptive_avg_pool(3, 2), b -> adaptive_avg_pool((3, 2))) -> flatten -> dropout(0.5) -> fc: dense(n, init = torch)

        train {
            loss = cross_entropy(label_smoothing = 0.1, class_weights = [1, 2, 1, 2, 1, 2, 1, 2, 1, 1 / 2]),
            optimizer = rmsprop(lr = 1e-2, momentum = 0.9, centered = true), batch = 16, accumulate = 2, epochs = 90,
            schedule = multi_step([30, 60], factor = 0.1, warm_up = 5), init = glorot_normal, average = 0.99, clip_norm = 1,
            decay = weights,
        }
        data {
            resize(40, 48), center_crop(32), mean_subtract(per_channel), scale(1 / 255), standardise(per_pixel),
            normalise(mean = [0.5, 0.5, 0.5], std = (0.2, 0.2, 0.2)), whiten(zca, epsilon = 1e-3),
        }
        augment {
            pad(4), random_crop(36), random_resized_crop(32, 32, area = (0.08, 1)), flip, flip_vertical(0.1), rotate(15),
            color_jitter(brightness = 0.4, contrast = 0.4, saturation = 0.4), cutout(8),
        }
        budget { params <= 1M, activations <= 4 MiB }
    }"#;
