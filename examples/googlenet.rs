//! GoogLeNet: Szegedy et al., "Going Deeper with Convolutions", 2015. Names and structure are
//! torchvision's: batch norm after every convolution, and 3x3 where the paper has 5x5.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Nine inception modules, with two auxiliary classifiers that exist in training only.
    pub GoogLeNet<[3, 224, 224] -> 1000> {
        block basic(x, channels, kernel, stride = 1, pad = 0) {
            x -> conv: conv(channels, kernel, stride = stride, pad = pad, bias = false)
              -> bn: batch_norm(eps = 1e-3) -> relu
        }

        block inception(x, one, three_reduced, three, five_reduced, five, pooled) {
            concat(
                x -> branch1: basic(one, 1),
                x -> branch2.0: basic(three_reduced, 1) -> branch2.1: basic(three, 3, pad = 1),
                x -> branch3.0: basic(five_reduced, 1) -> branch3.1: basic(five, 3, pad = 1),
                x -> max_pool(3, stride = 1, pad = 1) -> branch4.1: basic(pooled, 1)
            )
        }

        block auxiliary(x) {
            x -> adaptive_avg_pool(4) -> conv: basic(128, 1) -> flatten
              -> fc1: dense(1024) -> relu -> dropout(0.7) -> fc2: dense(1000) -> output(weight = 0.3);
        }

        let x = input
            -> conv1: basic(64, 7, stride = 2, pad = 3) -> max_pool(3, stride = 2, ceil = true)
            -> conv2: basic(64, 1)
            -> conv3: basic(192, 3, pad = 1) -> max_pool(3, stride = 2, ceil = true)
            -> inception3a: inception(64, 96, 128, 16, 32, 32)
            -> inception3b: inception(128, 128, 192, 32, 96, 64) -> max_pool(3, stride = 2, ceil = true)
            -> inception4a: inception(192, 96, 208, 16, 48, 64);
        x -> aux1: auxiliary;
        let x = x
            -> inception4b: inception(160, 112, 224, 24, 64, 64)
            -> inception4c: inception(128, 128, 256, 24, 64, 64)
            -> inception4d: inception(112, 144, 288, 32, 64, 64);
        x -> aux2: auxiliary;
        x
            -> inception4e: inception(256, 160, 320, 32, 128, 128) -> max_pool(2, ceil = true)
            -> inception5a: inception(256, 160, 320, 32, 128, 128)
            -> inception5b: inception(384, 192, 384, 48, 128, 128)
            -> global_avg_pool -> flatten -> dropout(0.2) -> fc: dense(1000)

        // What torchvision's weights take: its model maps the other networks' images to -1 to 1 itself.
        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.5, 0.5, 0.5], std = [0.5, 0.5, 0.5]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.01, momentum = 0.9, weight_decay = 1e-4),
            init = he_normal,
            batch = 32,
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<GoogLeNet>().data_dir("mnist", data::MNIST).main()
}
