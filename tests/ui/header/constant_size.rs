use cnn_runtime::network;

const SIZE: usize = 28;

network! {
    Net<[1, SIZE, SIZE] -> 10> {
        input -> flatten -> dense(10)
    }
}

fn main() {}
