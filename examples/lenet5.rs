//! LeNet-5 (LeCun et al. 1998) with softmax cross-entropy in place of the paper's radial basis
//! functions.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// LeNet-5 on 28x28 digits.
    pub LeNet5<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(6, 5, pad = 2) -> tanh -> avg_pool(2)
            -> conv2: conv(16, 5) -> tanh -> avg_pool(2)
            -> flatten
            -> fc1: dense(120) -> tanh
            -> fc2: dense(84) -> tanh
            -> fc3: dense(10)

        train { loss = cross_entropy, optimizer = sgd(lr = 0.05, momentum = 0.9), batch = 64, epochs = 10 }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<LeNet5>().data_dir("mnist", data::MNIST).main()
}
