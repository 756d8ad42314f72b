use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> DepthwiseConv2D(3) -> Activation("relu") -> log_softmax -> flatten -> dense(10)
    }
}

fn main() {}
