use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> dropout(50%) -> flatten -> dense(10)
    }
}

fn main() {}
