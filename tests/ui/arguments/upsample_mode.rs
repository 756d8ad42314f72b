use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3) -> upsample(2, mode = cubic) -> flatten -> dense(10)
    }
}

fn main() {}
