use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block even(x, n) { x -> relu -> odd(n - 1) }
        block odd(x, n) { x -> tanh -> even(n - 1) }

        input -> even(1000) -> flatten -> dense(10)
    }
}

fn main() {}
