use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(99999999999999999999, 3) -> flatten -> dense(10)
    }
}

fn main() {}
