use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block stage(x, planes) { x -> conv1: conv(planes, 3) -> relu }

        input -> layer1.0: stage(8) -> layer1.0: stage(16) -> flatten -> fc: dense(10)
    }
}

fn main() {}
