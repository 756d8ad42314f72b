use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> norm1: layer_norm(over = channels) -> dense(10)
    }
}

fn main() {}
