use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3) -> bn1: batch_norm(eps = 1e-39) -> flatten -> dense(10)
    }
}

fn main() {}
