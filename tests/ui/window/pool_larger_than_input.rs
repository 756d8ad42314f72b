use cnn_runtime::network;

network! {
    Net<[1, 28, 28] -> 10> {
        input -> conv(8, 5, stride = 9) -> max_pool(4) -> flatten -> dense(10)
    }
}

fn main() {}
