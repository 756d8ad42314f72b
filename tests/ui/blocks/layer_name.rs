use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block conv(x) { x -> relu }

        input -> conv -> flatten -> fc: dense(10)
    }
}

fn main() {}
