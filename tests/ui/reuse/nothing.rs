use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3, pad = 1) -> relu -> conv2: conv(8, 3, pad = 1, reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
