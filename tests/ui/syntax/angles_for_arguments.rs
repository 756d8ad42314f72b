use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> max_pool<2> -> flatten -> dense(10)
    }
}

fn main() {}
