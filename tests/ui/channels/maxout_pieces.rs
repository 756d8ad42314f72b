use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(32, 3) -> maxout(3) -> flatten -> dense(10)
    }
}

fn main() {}
