//! DenseNet-121: Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional
//! Networks", 2017. Names are torchvision's.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Four blocks in which every layer sees the outputs of all layers before it, and adds 32
    /// channels.
    pub DenseNet121<[3, 224, 224] -> 1000> {
        block layer(x) {
            x -> norm1: batch_norm -> relu -> conv1: conv(128, 1, bias = false)
              -> norm2: batch_norm -> relu -> conv2: conv(32, 3, pad = 1, bias = false)
        }

        block transition(x) {
            x -> norm: batch_norm -> relu -> conv: conv(x.channels / 2, 1, bias = false) -> avg_pool(2)
        }

        let x = input -> features.conv0: conv(64, 7, stride = 2, pad = 3, bias = false)
            -> features.norm0: batch_norm -> relu -> max_pool(3, stride = 2, pad = 1);
        for (i, layers) in [(1, 6), (2, 12), (3, 24), (4, 16)] {
            for j in 1..=layers {
                x = concat(x, x -> features.denseblock{i}.denselayer{j}: layer);
            }
            if i < 4 {
                x = x -> features.transition{i}: transition;
            }
        }
        x -> features.norm5: batch_norm -> relu -> global_avg_pool -> flatten -> classifier: dense(1000)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.0125, momentum = 0.9, nesterov = true, weight_decay = 1e-4),
            init = he_normal,
            batch = 32,
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<DenseNet121>().data_dir("mnist", data::MNIST).main()
}
