use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3x3) -> flatten -> dense(10)
    }
}

fn main() {}
