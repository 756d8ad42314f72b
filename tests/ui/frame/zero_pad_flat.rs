use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> zero_pad(1) -> dense(10)
    }
}

fn main() {}
