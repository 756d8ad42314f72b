use cnn_runtime::network;

network! {
    Net<[784] -> 10> {
        input -> flatten -> dense(10)
    }
}

fn main() {}
