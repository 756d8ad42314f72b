use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(64, 3) -> relu;
        mul(x, x -> conv2: conv(64, 3, pad = 1) -> sigmoid) -> flatten -> dense(10)
    }
}

fn main() {}
