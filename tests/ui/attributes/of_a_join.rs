use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(8, 3, pad = 1);
        add(x, x -> relu, decay = false) -> flatten -> dense(10)
    }
}

fn main() {}
