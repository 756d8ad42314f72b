use cnn_runtime::network;

const EPOCHS: usize = 10;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)
        train { epochs = EPOCHS }
    }
}

fn main() {}
