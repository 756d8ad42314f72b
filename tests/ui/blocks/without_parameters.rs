use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage { input -> conv(8, 3) }
        input -> stage -> flatten -> dense(10)
    }
}

fn main() {}
