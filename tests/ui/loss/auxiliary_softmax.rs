use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv1: conv(8, 3) -> relu;
        x -> flatten -> aux: dense(10) -> softmax -> output(weight = 0.3);
        x -> flatten -> fc: dense(10)
    }
}

fn main() {}
