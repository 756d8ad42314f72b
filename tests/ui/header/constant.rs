use cnn_runtime::network;

const CLASSES: usize = 10;

network! {
    Net<[1, 28, 28] -> CLASSES> {
        input -> flatten -> dense(10)
    }
}

fn main() {}
