use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let n: usize = 3;
        input -> conv(8, n) -> flatten -> dense(10)
    }
}

fn main() {}
