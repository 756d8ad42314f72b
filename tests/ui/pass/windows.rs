use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input
            -> conv(8, (3, 5), stride = (1, 2), pad = (1, 2)) -> conv(8, 3, dilation = 2, groups = 4, bias = false)
            -> conv(8, 3, pad = same, stride = 2) -> max_pool(3, stride = 2, ceil = true)
            -> avg_pool(2, stride = 1, pad = 1, count_include_pad = false) -> conv(4, 1, pad = valid) -> global_avg_pool
            -> flatten -> dense(10)
    }
}
