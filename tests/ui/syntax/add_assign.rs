use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let n = 8;
        n += 8;
        input -> conv(n, 3) -> flatten -> dense(10)
    }
}

fn main() {}
