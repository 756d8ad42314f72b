use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes) { x -> conv1: conv(planes, 3) }

        input -> stage1: stage(8, freeze = 1) -> flatten -> fc: dense(10)
    }
}

fn main() {}
