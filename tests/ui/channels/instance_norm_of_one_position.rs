use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3) -> global_avg_pool -> norm1: instance_norm -> flatten -> dense(10)
    }
}

fn main() {}
