use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3) -> conv2: conv(12, 3, groups = 3) -> flatten -> dense(10)
    }
}

fn main() {}
