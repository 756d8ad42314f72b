use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input;
        for i in range(3) { x = x -> conv{i}: conv(8, 3); }
        x -> flatten -> dense(10)
    }
}

fn main() {}
