use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> flatten -> fc1: dense(16);
        mul(x, x -> fc2: dense(8) -> sigmoid) -> fc3: dense(10)
    }
}

fn main() {}
