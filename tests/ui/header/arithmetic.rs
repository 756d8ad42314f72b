use cnn_runtime::network;

network! {
    Net<[1, 2 * 14, 28] -> 10> {
        input -> flatten -> dense(10)
    }
}

fn main() {}
