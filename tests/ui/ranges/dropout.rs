use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dropout(1.5) -> dense(10)
    }
}

fn main() {}
