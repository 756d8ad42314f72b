use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block one(x) { x -> conv1: conv(1, 3, pad = 1) } block two(x) { x -> conv1: conv(1, 3, pad = 1) -> relu }

        input -> s: one -> s: two(reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
