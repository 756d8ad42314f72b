use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x) { x -> conv1: conv(8, 3, pad = 1) }

        input -> stage1: stage -> stage(reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
