use cnn_runtime::network;

network! {
    Net<[3, 32, 32] -> 10> {
        input -> flatten -> dense(10)

        augment { pad(2), random_crop(37) }
    }
}

fn main() {}
