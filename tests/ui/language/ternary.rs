use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let n = input.height > 10 ? 8 : 16;
        input -> conv(n, 3) -> flatten -> dense(10)
    }
}

fn main() {}
