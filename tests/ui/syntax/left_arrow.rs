use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        dense(10) <- flatten <- input
    }
}

fn main() {}
