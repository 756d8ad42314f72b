use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let planes = 8;
        block stage(x) { x -> conv1: conv(planes, 3) }

        input -> stage1: stage -> flatten -> fc: dense(planes + 2)
    }
}

fn main() {}
