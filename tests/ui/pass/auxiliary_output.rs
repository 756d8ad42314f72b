use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let x = input -> conv(8, 3) -> relu;
        x -> max_pool(4) -> flatten -> aux: dense(10) -> output(weight = 0.3);
        x -> conv(16, 3) -> relu -> flatten -> fc: dense(10)
    }
}
