use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3) -> bn: batch_norm(eps = 1e-3) -> relu -> bn: batch_norm(reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
