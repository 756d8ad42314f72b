use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        budget { params = 1M }
    }
}

fn main() {}
