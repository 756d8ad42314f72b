use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(64, 3) -> relu;
        let gate = x -> global_avg_pool -> flatten -> down: dense(4) -> relu -> up: dense(32) -> sigmoid;
        mul(x, gate) -> flatten -> dense(10)
    }
}

fn main() {}
