use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        train { optimizer = adam(learning_rate = 0.01, betas = (0.9, 0.99), eps = 1e-7) }
    }
}

fn main() {}
