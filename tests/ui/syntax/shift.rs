use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(1 << 3, 3) -> flatten -> dense(10)
    }
}

fn main() {}
