use cnn_runtime::network;

network! {
    Net<[3, 32, 32] -> 10> {
        input -> flatten -> dense(10)

        augment { random_resized_crop(32, area = (1, 0.08)) }
    }
}

fn main() {}
