use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> zero_pad(40000) -> flatten -> dense(10)
    }
}

fn main() {}
