use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten -> dense(10)

        train { epochs = 1, batch = 8, epochs = 2 }
    }
}

fn main() {}
