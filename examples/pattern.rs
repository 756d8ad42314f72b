//! The pattern that most convolutional networks follow,
//! `INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC`, as blocks whose loops are the
//! pattern's stars.

mod data;

use cnn_runtime::{network, trainer::Trainer};

network! {
    /// N = 2, M = 2, K = 1 on 28x28 digits.
    pub Pattern<[1, 28, 28] -> 10> {
        // [CONV -> RELU]*N -> POOL?
        block stage(x, channels, n, pool = true) {
            for i in 1..=n {
                x = x -> conv{i}: conv(channels, 3, pad = 1) -> relu;
            }
            if pool { x -> max_pool(2) } else { x }
        }

        // [[CONV -> RELU]*N -> POOL?]*M
        block features(x, n, m, pool = true) {
            for i in 1..=m {
                x = x -> stage{i}: stage(16 * i, n, pool = pool);
            }
            x
        }

        // [FC -> RELU]*K -> FC
        block classifier(x, k, classes) {
            for i in 1..=k {
                x = x -> fc{i}: dense(128) -> relu;
            }
            x -> scores: dense(classes)
        }

        input -> features: features(n = 2, m = 2) -> flatten -> classifier: classifier(k = 1, classes = 10)

        train { loss = cross_entropy, optimizer = adadelta(lr = 1.0), batch = 128, epochs = 12 }
    }
}

fn main() -> std::process::ExitCode {
    Trainer::of::<Pattern>().data_dir("mnist", data::MNIST).main()
}
