use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(12, 3) -> norm1: group_norm(8) -> flatten -> dense(10)
    }
}

fn main() {}
