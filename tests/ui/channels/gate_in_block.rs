use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block excite(x, reduced) {
            mul(x, x -> global_avg_pool -> flatten -> down: dense(reduced) -> relu -> up: dense(reduced) -> sigmoid)
        }

        input -> conv1: conv(64, 3) -> relu -> se: excite(16) -> flatten -> fc: dense(10)
    }
}

fn main() {}
