use cnn_runtime::network;

network! {
    Net<[28, 28, 1] -> 10> {
        input -> conv(8, 3) -> flatten -> dense(10)
    }
}

fn main() {}
