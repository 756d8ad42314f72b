use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv1: conv(8, 3) -> norm1: instance_norm(lr_factor = 0.1) -> flatten -> dense(10)
    }
}

fn main() {}
