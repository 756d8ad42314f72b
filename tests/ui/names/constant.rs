use cnn_runtime::network;

const CLASSES: usize = 10;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(CLASSES)
    }
}

fn main() {}
