use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> fc1: dense(128) -> relu -> fc2: dense(100)
    }
}

fn main() {}
