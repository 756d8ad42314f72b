use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        augment { random_crop(28, pad = 4), RandomHorizontalFlip(p = 0.5) }
    }
}

fn main() {}
