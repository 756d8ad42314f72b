use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes, stride = 1) { x -> conv1: conv(planes, 3, stride = stride) }

        input -> stage1: stage(stride = 2) -> flatten -> fc: dense(10)
    }
}

fn main() {}
