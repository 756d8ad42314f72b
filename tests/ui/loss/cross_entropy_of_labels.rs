use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> labels(10)> {
        input -> flatten -> dense(10)

        train { loss = cross_entropy }
    }
}

fn main() {}
