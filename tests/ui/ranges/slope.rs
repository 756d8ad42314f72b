use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> act: leaky_relu(slope = 7) -> dense(10)
    }
}

fn main() {}
