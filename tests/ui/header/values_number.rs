use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> values(3)> {
        input -> flatten -> dense(10)
    }
}

fn main() {}
