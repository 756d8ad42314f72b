//! AlexNet: Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional
//! Neural Networks", 2012.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// AlexNet with its two halves as channel groups. The paper says 224x224, but its 55x55 maps
    /// need 227x227.
    pub AlexNet<[3, 227, 227] -> 1000> {
        input
            -> conv1: conv(96, 11, stride = 4) -> relu -> lrn(5, alpha = 1e-4, beta = 0.75, k = 2.0)
            -> max_pool(3, stride = 2)
            -> conv2: conv(256, 5, pad = 2, groups = 2) -> relu -> lrn(5, alpha = 1e-4, beta = 0.75, k = 2.0)
            -> max_pool(3, stride = 2)
            -> conv3: conv(384, 3, pad = 1) -> relu
            -> conv4: conv(384, 3, pad = 1, groups = 2) -> relu
            -> conv5: conv(256, 3, pad = 1, groups = 2) -> relu
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
            epochs = 90,
        }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<AlexNet>().data_dir("mnist", data::MNIST).main()
}
