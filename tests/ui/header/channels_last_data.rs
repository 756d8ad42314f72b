use cnn_runtime::network;

network! {
    Net<[32, 32, 3] -> 10> {
        input -> flatten -> dense(10)
        data { resize(32, 32), scale(1 / 255), normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)) }
    }
}

fn main() {}
