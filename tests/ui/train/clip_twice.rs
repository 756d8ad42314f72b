use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { clip_value = 1, batch = 8, clip_value = 2 }
    }
}

fn main() {}
