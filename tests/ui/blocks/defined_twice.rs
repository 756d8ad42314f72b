use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x) { x -> relu }
        block stage(x) { x -> tanh }

        input -> stage -> flatten -> dense(10)
    }
}

fn main() {}
