use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let a = input -> conv1: conv(8, 3);
        let b = input -> conv2: conv(8, 5);
        mul(a, b) -> flatten -> dense(10)
    }
}

fn main() {}
