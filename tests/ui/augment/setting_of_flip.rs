use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        augment { flip(vertical = true), RandomErasing(0.2) }
    }
}

fn main() {}
