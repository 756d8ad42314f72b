use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for (i, planes) in [(1, 8), (2, 16, 2)] { x = x -> conv{i}: conv(planes, 3); }
        x -> flatten -> dense(10)
    }
}

fn main() {}
