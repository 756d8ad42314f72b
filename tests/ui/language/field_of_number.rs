use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let n = 3;
        input -> conv(n.channels, 3) -> flatten -> dense(10)
    }
}

fn main() {}
