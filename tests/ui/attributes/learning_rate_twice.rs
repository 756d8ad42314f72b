use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3, lr = 0.1, lr_factor = 0.2) -> flatten -> dense(10)
    }
}

fn main() {}
