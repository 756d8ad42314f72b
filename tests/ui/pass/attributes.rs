use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input
            -> conv(8, 3, init = he_normal, lr = 0.1) -> batch_norm(freeze = true) -> relu
            -> conv(8, 3, init = 0.01, bias_init = 1, decay = false) -> relu
            -> flatten -> dense(10, init = torch, lr_factor = 2)
    }
}
