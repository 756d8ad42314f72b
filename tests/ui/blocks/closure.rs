use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let stage = |x| x -> conv(8, 3);
        input -> stage -> flatten -> dense(10)
    }
}

fn main() {}
