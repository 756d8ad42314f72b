use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for (planes, stride) in [(8, 1), (16, 2, 3)] {
            x = x -> conv{planes}: conv(planes, 3, stride = stride);
        }
        x -> flatten -> dense(10)
    }
}

fn main() {}
