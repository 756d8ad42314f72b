use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv(8, 3);
        x * 2 -> flatten -> dense(10)
    }
}

fn main() {}
