use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        let a = input -> conv1: conv(8, 3, pad = 1) -> relu;
        let b = a -> conv2: conv(8, 3, pad = same);
        let c = add(a, b) -> relu;
        concat(a, b, c, mul(b, c)) -> upsample(2) -> upsample((1, 2), mode = bilinear) -> max_pool(2) -> flatten -> dense(10)
    }
}
