use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { schedule = cosin(end = 0.01) }
    }
}

fn main() {}
