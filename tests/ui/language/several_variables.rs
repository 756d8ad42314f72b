use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let a, b = (input -> relu, 8);
        a -> conv(b, 3) -> flatten -> dense(10)
    }
}

fn main() {}
