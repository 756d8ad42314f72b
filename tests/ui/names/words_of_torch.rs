use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> Conv2d(8, 3) -> BatchNorm2d -> ReLU -> MaxPool2d(2) -> Dropout2d(0.1) -> swish -> Flatten -> Linear(10)
    }
}

fn main() {}
