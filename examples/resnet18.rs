//! ResNet-18: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition", 2016. Names
//! are torchvision's.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Eight residual blocks of two 3x3 convolutions.
    pub ResNet18<[3, 224, 224] -> 1000> {
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

        let x = input -> conv1: conv(64, 7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu
            -> max_pool(3, stride = 2, pad = 1);
        for (i, planes, stride) in [(1, 64, 1), (2, 128, 2), (3, 256, 2), (4, 512, 2)] {
            x = x -> layer{i}.0: basic(planes, stride = stride) -> layer{i}.1: basic(planes);
        }
        x -> global_avg_pool -> flatten -> fc: dense(1000)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.0125, momentum = 0.9, weight_decay = 1e-4),
            init = he_normal,
            batch = 32,
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<ResNet18>().data_dir("mnist", data::MNIST).main()
}
