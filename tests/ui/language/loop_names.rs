use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for channels in [8, 16] { x = x -> conv1: conv(channels, 3); }
        x -> flatten -> dense(10)
    }
}

fn main() {}
