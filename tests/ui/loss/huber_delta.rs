use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> values(10)> {
        input -> flatten -> dense(10)

        train { loss = huber(delta = 0) }
    }
}

fn main() {}
