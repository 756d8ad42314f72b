use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(6, 3);
        x -> conv2: conv(8, 3, groups = x.channels) -> flatten -> dense(10)
    }
}

fn main() {}
