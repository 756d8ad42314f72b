use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { clip_norm = 1, clip_value = 0.5 }
    }
}

fn main() {}
