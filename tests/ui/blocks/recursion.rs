use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        block deeper(x) { x -> relu -> deeper }

        input -> deeper -> flatten -> fc: dense(10)
    }
}

fn main() {}
