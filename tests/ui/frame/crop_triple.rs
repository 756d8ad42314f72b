use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> crop((1, 2, 3)) -> flatten -> dense(10)
    }
}

fn main() {}
