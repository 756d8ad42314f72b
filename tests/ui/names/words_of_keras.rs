use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> Conv2D(8, 3) -> BatchNormalization -> LeakyReLU -> MaxPooling2D(2) -> GlobalAveragePooling2D -> Dense(10)
    }
}

fn main() {}
