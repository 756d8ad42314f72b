use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv{i}: conv(8, 3) -> flatten -> fc: dense(10)
    }
}

fn main() {}
