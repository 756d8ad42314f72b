use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(32) -> maxout(5) -> dense(10)
    }
}

fn main() {}
