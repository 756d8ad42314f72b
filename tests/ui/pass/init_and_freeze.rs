use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3, init = he_normal, freeze = true) -> relu -> flatten -> dense(10, bias = false, init = glorot_normal)

        train { init = torch, optimizer = sgd(lr = 0.01, momentum = 0.9, nesterov = true, weight_decay = 1e-4), epochs = 3 }
    }
}
