use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> features.conv1: conv(8, 3) -> relu -> conv2: conv(8, 3) -> flatten -> fc: dense(10)

        train { freeze = [] }
    }
}

fn main() {}
