use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let planes = 8;
        input -> conv1: conv(plane, 3) -> flatten -> dense(planes)
    }
}

fn main() {}
