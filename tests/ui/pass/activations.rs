use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> flatten
            -> dense(32) -> relu -> dense(32) -> leaky_relu -> dense(32) -> leaky_relu(0.2) -> dense(32) -> elu(alpha = 0.5)
            -> dense(32) -> sigmoid -> dense(32) -> tanh -> dense(32) -> relu6 -> dense(32) -> hard_sigmoid
            -> dense(32) -> softplus -> dense(32) -> softplus(beta = 2) -> dense(32) -> silu -> dense(32) -> hard_swish
            -> dense(32) -> gelu -> dense(32) -> gelu(tanh = true) -> dense(32) -> prelu
            -> dense(32) -> prelu(per_channel = true, start = 0.1, freeze = true) -> dense(10)
    }
}
