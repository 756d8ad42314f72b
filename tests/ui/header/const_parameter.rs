use cnn_runtime::network;

network! {
    Net<const N: usize, [1, 28, 28] -> N> {
        input -> flatten -> dense(N)
    }
}

fn main() {}
