use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3) -> n: instance_norm -> relu -> n: instance_norm(reuse = true) -> flatten -> fc: dense(10)
    }
}

fn main() {}
