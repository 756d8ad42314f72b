use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 0> {
        input -> conv1: conv(8, 31) -> flatten -> dense(10)
    }
}

fn main() {}
