//! ZFNet: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// AlexNet with a finer first layer, 7x7 at stride 2, and without groups.
    pub ZfNet<[3, 224, 224] -> 1000> {
        input
            -> conv1: conv(96, 7, stride = 2, pad = 1) -> relu
            -> max_pool(3, stride = 2, pad = 1) -> lrn(5, alpha = 1e-4, beta = 0.75, k = 2.0)
            -> conv2: conv(256, 5, stride = 2) -> relu
            -> max_pool(3, stride = 2, pad = 1) -> lrn(5, alpha = 1e-4, beta = 0.75, k = 2.0)
            -> conv3: conv(384, 3, pad = 1) -> relu
            -> conv4: conv(384, 3, pad = 1) -> relu
            -> conv5: conv(256, 3, pad = 1) -> relu
            -> max_pool(3, stride = 2)
            -> flatten
            -> fc6: dense(4096) -> relu -> dropout(0.5)
            -> fc7: dense(4096) -> relu -> dropout(0.5)
            -> fc8: dense(1000)

        train {
            loss = cross_entropy,
            optimizer = sgd(lr = 0.01, momentum = 0.9, weight_decay = 5e-4),
            init = he_normal,
            batch = 128,
            epochs = 70,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<ZfNet>().data_dir("mnist", data::MNIST).main()
}
