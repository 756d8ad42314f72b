use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3) -> max_pool(3, pad = 1, count_include_pad = false) -> flatten -> dense(10)
    }
}

fn main() {}
