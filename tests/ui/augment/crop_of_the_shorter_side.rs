use cnn_runtime::network;

network! {
    Net<[3, 224, 224] -> 10> {
        input -> flatten -> dense(10)

        data { resize(256), center_crop(224) }
        augment { random_crop(260) }
    }
}

fn main() {}
