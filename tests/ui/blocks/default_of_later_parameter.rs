use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes = 2 * stride, stride = 1) { x -> conv1: conv(planes, 3, stride = stride) -> relu }

        input -> stage1: stage -> flatten -> dense(10)
    }
}

fn main() {}
