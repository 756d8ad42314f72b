use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(10, 28) -> softmax -> flatten
    }
}

fn main() {}
