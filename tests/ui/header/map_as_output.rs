use cnn_runtime::network;

network! {
    Net<[1, 32, 32] -> [1, 32, 32]> {
        input -> conv(1, 3, pad = 1)
    }
}

fn main() {}
