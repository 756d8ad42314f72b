use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input
            -> zero_pad((0, 1)) -> crop((0, 0, 1, 1)) -> conv(16, 3, bias = false) -> batch_norm(eps = 1e-3, momentum = 0.01)
            -> lrn(5) -> maxout(2) -> channel_dropout(0.1) -> avg_pool(3, stride = 2, ceil = true)
            -> conv(8, 3, groups = 8, pad = same, stride = 2) -> softmax -> adaptive_avg_pool(4, 3)
            -> flatten -> dense(32) -> batch_norm -> maxout(4) -> dense(10)
    }
}
