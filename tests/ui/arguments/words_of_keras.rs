use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(filters = 8, kernel_size = 3, strides = 2, activation = relu, name = "c") -> leaky_relu(alpha = 0.2) -> flatten -> dense(units = 10, use_bias = false)
    }
}

fn main() {}
