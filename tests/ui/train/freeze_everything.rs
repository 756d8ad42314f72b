use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3) -> flatten -> fc: dense(10)

        train { freeze = "*" }
    }
}

fn main() {}
