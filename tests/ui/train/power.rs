use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        train { optimizer = adam(lr = 10^-3) }
    }
}

fn main() {}
