use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv(8, 3, stride = 2) -> relu;
        x -> global_max_pool -> flatten -> aux: dense(10) -> output(weight = 0.3);
        x -> flatten -> fc: dense(10)

        train { loss = cross_entropy(label_smoothing = 0.1), optimizer = sgd(lr = 0.1), batch = 8, epochs = 1 }
    }
}
