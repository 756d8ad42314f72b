use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> flatten;
        x -> a: dense(10);
        x -> b: dense(10)
    }
}

fn main() {}
