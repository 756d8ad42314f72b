use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let input = 3;
        input -> flatten -> fc: dense(10)
    }
}

fn main() {}
