use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> a: conv(8, 3) -> a: batch_norm(reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
