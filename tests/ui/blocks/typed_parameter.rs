use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x: Map, n: usize) { x -> conv(n, 3) }
        input -> stage(8) -> flatten -> dense(10)
    }
}

fn main() {}
