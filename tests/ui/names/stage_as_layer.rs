use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> random_crop(28) -> flatten -> dense(10)
    }
}

fn main() {}
