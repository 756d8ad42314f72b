use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let features = input -> conv(8, 3);
        feature -> flatten -> dense(10)
    }
}

fn main() {}
