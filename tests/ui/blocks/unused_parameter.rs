#![deny(unused_variables)]

use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes, stride) { x -> conv1: conv(planes, 3) -> relu }

        input -> stage1: stage(8, 2) -> flatten -> dense(10)
    }
}

fn main() {}
