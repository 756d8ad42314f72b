use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x) {
            x -> data: conv(8, 3) -> relu
        }

        input -> data.0: conv(8, 3) -> relu -> stage1: stage -> optimizer: stage -> flatten -> dense(10)
    }
}

fn main() {}
