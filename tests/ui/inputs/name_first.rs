use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        conv1: conv(8, 3) -> flatten -> dense(10)
    }
}

fn main() {}
