//! The Keras MNIST convnet: 99.25 % on the full MNIST after 12 epochs.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// The Keras MNIST convnet.
    pub MnistCnn<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(32, 3) -> relu
            -> conv2: conv(64, 3) -> relu
            -> max_pool(2) -> dropout(0.25)
            -> flatten
            -> fc1: dense(128) -> relu -> dropout(0.5)
            -> fc2: dense(10)

        train { loss = cross_entropy, optimizer = adadelta(lr = 1.0), average = 0.99, batch = 128, epochs = 12 }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<MnistCnn>().data_dir("mnist", data::MNIST).main()
}
