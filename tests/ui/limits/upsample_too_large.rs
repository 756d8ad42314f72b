use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3) -> up: upsample(16777216) -> flatten -> dense(10)
    }
}

fn main() {}
