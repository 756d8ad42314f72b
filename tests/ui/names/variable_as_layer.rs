use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let y = input -> flatten;
        y -> dense(10) -> y
    }
}

fn main() {}
