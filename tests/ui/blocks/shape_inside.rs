use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes) { x -> conv1: conv(planes, 3) -> relu -> max_pool(2) }

        input -> stage1: stage(8) -> stage2: stage(16) -> stage3: stage(32) -> stage4: stage(64) -> flatten -> fc: dense(10)
    }
}

fn main() {}
