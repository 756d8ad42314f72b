use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3) -> flatten -> lrn(5) -> dense(10)
    }
}

fn main() {}
