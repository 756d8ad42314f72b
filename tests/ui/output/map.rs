use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(10, 3) -> relu
    }
}

fn main() {}
