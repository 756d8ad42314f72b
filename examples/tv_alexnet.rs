//! torchvision's AlexNet: Krizhevsky, "One weird trick for parallelizing convolutional neural
//! networks", 2014. Names are torchvision's.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// AlexNet in one column: narrower, without groups and response normalisation.
    pub TvAlexNet<[3, 224, 224] -> 1000> {
        input
            -> features.0: conv(64, 11, stride = 4, pad = 2) -> relu -> max_pool(3, stride = 2)
            -> features.3: conv(192, 5, pad = 2) -> relu -> max_pool(3, stride = 2)
            -> features.6: conv(384, 3, pad = 1) -> relu
            -> features.8: conv(256, 3, pad = 1) -> relu
            -> features.10: conv(256, 3, pad = 1) -> relu -> max_pool(3, stride = 2)
            -> flatten
            -> dropout(0.5) -> classifier.1: dense(4096) -> relu
            -> dropout(0.5) -> classifier.4: dense(4096) -> relu
            -> classifier.6: dense(1000)

        data {
            resize(256), center_crop(224), scale(1 / 255),
            normalise(mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]),
        }

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.01, momentum = 0.9, weight_decay = 1e-4),
            init = torch,
            batch = 128,
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<TvAlexNet>().data_dir("mnist", data::MNIST).main()
}
