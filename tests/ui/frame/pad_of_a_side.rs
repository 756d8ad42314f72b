use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 31, pad = (0, 2, 1, 1)) -> flatten -> dense(10)
    }
}

fn main() {}
