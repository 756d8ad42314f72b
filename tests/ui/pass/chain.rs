use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input
            -> conv1: conv(32, 3) -> relu
            -> conv2: conv(64, 3) -> relu
            -> max_pool(2) -> dropout(0.25)
            -> flatten
            -> fc1: dense(128) -> relu -> dropout(0.5)
            -> fc2: dense(10)

        train { loss = cross_entropy, optimizer = adadelta(lr = 1.0), batch = 128, epochs = 12 }
        budget { params <= 1.2M, activations <= 1 MiB }
    }
}
