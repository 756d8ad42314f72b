use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block residual(x, planes) {
            let y = x -> conv1: conv(planes, 3, pad = 1) -> relu;
            add(y, x) -> relu
        }

        input -> stem: conv(8, 3) -> layer1: residual(8) -> layer2: residual(16) -> flatten -> fc: dense(10)
    }
}

fn main() {}
