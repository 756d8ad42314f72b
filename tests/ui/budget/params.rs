use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> fc1: dense(1000) -> fc2: dense(10)

        budget { params <= 500K }
    }
}

fn main() {}
