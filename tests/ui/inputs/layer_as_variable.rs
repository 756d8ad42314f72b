use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let conv1 = conv(8, 3);
        let fc = dense(10);
        input -> conv1 -> flatten -> fc
    }
}

fn main() {}
