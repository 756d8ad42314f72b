use cnn_runtime::network;

network! {
    Net {
        input -> flatten -> dense(10)
    }
}

fn main() {}
