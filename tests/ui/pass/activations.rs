use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten
            -> dense(32) -> relu -> dense(32) -> leaky_relu -> dense(32) -> leaky_relu(0.2) -> dense(32) -> elu(alpha = 0.5)
            -> dense(32) -> sigmoid -> dense(32) -> tanh -> dense(10)
    }
}
