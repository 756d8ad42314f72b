use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3, bias = false) -> bn1: batch_norm(momentum = 1.1) -> relu -> flatten -> dense(10)
    }
}

fn main() {}
