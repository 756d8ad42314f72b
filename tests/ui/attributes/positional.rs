use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3, 1, 0, 1, 1, true, he_normal) -> flatten -> dense(10)
    }
}

fn main() {}
