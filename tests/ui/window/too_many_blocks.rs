use cnn_runtime::network;

network! {
    Net<[1, 20000, 20000] -> 10> {
        input -> conv1: conv(1, 3, pad = 1) -> global_avg_pool -> flatten -> dense(10)
    }
}

fn main() {}
