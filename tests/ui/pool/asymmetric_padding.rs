use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 3) -> avg_pool(3, stride = 2, pad = (0, 2, 0, 1)) -> flatten -> dense(10)
    }
}

fn main() {}
