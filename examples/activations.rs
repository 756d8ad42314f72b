//! One of each activation function, on images of CIFAR's kind in small.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// Sigmoid, leaky ReLU, ELU, maxout and tanh in one network.
    pub Activations<[3, 16, 16] -> 10> {
        input
            -> conv1: conv(16, 3, pad = 1) -> sigmoid
            -> conv2: conv(16, 3, pad = 1) -> leaky_relu(0.01)
            -> conv3: conv(16, 3, pad = 1) -> elu(1.0)
            -> conv4: conv(32, 3, pad = 1) -> maxout(2)
            -> avg_pool(3, stride = 2, pad = 1, count_include_pad = false)
            -> conv5: conv(16, 3, stride = 2, pad = 1) -> tanh
            -> global_avg_pool -> flatten
            -> fc: dense(10)

        train { loss = cross_entropy, optimizer = sgd(lr = 0.05, momentum = 0.9), batch = 64, epochs = 10 }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<Activations>().data_dir("mnist", data::MNIST).main()
}
