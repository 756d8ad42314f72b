use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> stem: conv(8, 3) -> conv1: conv(8, 3, pad = 1) -> conv1: conv(8, 3, pad = 1, bias = false, reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
