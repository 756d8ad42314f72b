use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv2: conv(8, 3) -> conv(16, 3) -> flatten -> dense(10)
    }
}

fn main() {}
