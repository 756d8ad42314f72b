use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> fc1: dense(8) -> norm1: group_norm(8) -> fc2: dense(10)
    }
}

fn main() {}
