use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes) { x -> conv1: conv(planes, 3, pad = 1, bias = false) -> bn1: batch_norm -> relu }

        input -> stage1: stage(32) -> stage2: stage(64) -> global_avg_pool -> flatten -> fc: dense(10)

        budget { params <= 19K, activations <= 1 MiB }
    }
}

fn main() {}
