use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        const X: usize = 3;
        input -> conv(8, X) -> flatten -> dense(10)
    }
}

fn main() {}
