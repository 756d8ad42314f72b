use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(8, 3);
        let gate = x -> global_avg_pool;
        mul(x, gate, gate) -> flatten -> dense(10)
    }
}

fn main() {}
