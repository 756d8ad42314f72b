use cnn_runtime::network;

network! {
    struct Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
    }
}

fn main() {}
