use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes) { x -> conv1: conv(planes, 3) -> relu }

        input -> stage1: stage(8, lr_factor = 2) -> flatten -> dense(10)
    }
}

fn main() {}
