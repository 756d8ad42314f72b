use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> norm1: layer_norm(over = channels) -> flatten -> dense(10)
    }
}

fn main() {}
