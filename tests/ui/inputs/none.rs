use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> flatten;
        relu() -> add(x) -> dense(10)
    }
}

fn main() {}
